/**
 * NTLM, and what goes by the name of Negotiate: by them servers authenticate a connection, and whoever speaks on it next
 * is the same person to them (RFC 4559 section 6). Connections to upstreams serve everybody, so neither may pass.
 */

/** True for an `Authorization` by which a connection would be somebody's, alone or behind another one's comma. */
export const speaksForConnection = (authorization: string): boolean =>
  /(?:^|,)[ \t]*(?:ntlm|negotiate)(?![^ \t,])/i.test(authorization)

/** `WWW-Authenticate` without the challenges that nobody can meet here; empty when there is no other. */
export const withoutConnectionAuth = (challenges: string): string =>
  challenges
    .replace(/(?:^|,)[ \t]*(?:ntlm|negotiate)(?:[ \t]+[\w.~+/-]+=*)?(?=[ \t]*(?:,|$))/gi, '')
    .replace(/^[ \t,]+/, '')
