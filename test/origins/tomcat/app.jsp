<%@ page session="true" contentType="text/plain" trimDirectiveWhitespaces="true"
    import="java.security.MessageDigest,java.util.HexFormat,jakarta.servlet.http.*" %><%!
  static String or(String value) { return value == null ? "-" : value; }
  static String sum(byte[] bytes) throws Exception {
    return bytes.length + " " + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }
%><%-- A small app as servlets had them: whoever the server in front names is signed in. --%><%
  String path = request.getRequestURI(), method = request.getMethod();
  if (path.equals("/")) {
    StringBuilder names = new StringBuilder();
    if (request.getCookies() != null)
      for (Cookie cookie : request.getCookies()) names.append(names.isEmpty() ? "" : " ").append(cookie.getName());
    out.print("user: " + or(request.getHeader("X-Remote-User")) + "\n");
    out.print("email: " + or(request.getHeader("X-Remote-Email")) + "\n");
    out.print("remote_user: " + or(request.getRemoteUser() != null ? request.getRemoteUser() : request.getHeader("Remote-User")) + "\n");
    out.print("cookies: " + names + "\n");
  } else if (path.equals("/guarded")) {
    out.print("nobody's business\n");
  } else if (path.equals("/note") && method.equals("POST")) {
    Cookie note = new Cookie("note", request.getParameter("text"));
    note.setDomain(request.getServerName());
    note.setPath("/");
    note.setHttpOnly(true);
    response.addCookie(note);
    Cookie seen = new Cookie("seen", "1");
    seen.setPath("/");
    response.addCookie(seen);
    response.setStatus(303);
    response.setHeader("Location", "http://" + request.getHeader("Host") + "/note?kept=1");
  } else if (path.equals("/note")) {
    String text = null;
    if (request.getCookies() != null)
      for (Cookie cookie : request.getCookies()) if (cookie.getName().equals("note")) text = cookie.getValue();
    out.print("note: " + or(text) + "\n");
  } else if (path.equals("/upload") && method.equals("POST")) {
    Part file = request.getPart("file");
    out.print(file.getSubmittedFileName() + " " + sum(file.getInputStream().readAllBytes()) + "\n");
  } else if (path.equals("/raw") && method.equals("POST")) {
    out.print("raw " + sum(request.getInputStream().readAllBytes()) + "\n");
  } else if (path.equals("/page")) {
    out.print("A page that is worth compressing.\n".repeat(200));
  }
%>
