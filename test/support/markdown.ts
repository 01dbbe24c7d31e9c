/** Reads what a page of the documentation promises: its snippets, and the files and commands it names. */

export interface Snippet {
  /** Line of the page at which it begins, from 1. */
  readonly line: number
  /** What its first line, a comment, calls it: `routes/app.ts`; null if it names none. */
  readonly file: string | null
  readonly text: string
}

/** Blocks fenced as ```ts. */
export function snippetsOf(page: string): Snippet[] {
  return [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => {
    const text = match[1] ?? ''
    return {
      line: page.slice(0, match.index).split('\n').length,
      file: /^\/\/ ([\w./-]+\.ts)\b/.exec(text)?.[1] ?? null,
      text,
    }
  })
}

/** Paths of this repository in backquotes, and those that links lead to. */
export function filesNamedIn(page: string): string[] {
  const prose = page.replace(/^```[\s\S]*?^```$/gm, '')
  const quoted = [
    ...prose.matchAll(/`((?:src|test|bench|docs|examples|lint|\.ci)\/[\w./-]*[\w/]|[\w-]+\.(?:json|md|toml))`/g),
  ]
  return quoted.map((match) => match[1] ?? '')
}

export function linksIn(page: string): string[] {
  const prose = page.replace(/^```[\s\S]*?^```$/gm, '')
  const links = [...prose.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)]
  return links.map((match) => match[1] ?? '')
}

/** Places within a page that links lead to, with the page; an empty one is the page itself. */
export function placesIn(page: string): { readonly file: string; readonly place: string }[] {
  const prose = page.replace(/^```[\s\S]*?^```$/gm, '')
  const links = [...prose.matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)#([^)\s]+)\)/g)]
  return links.map(([, file = '', place = '']) => ({ file, place }))
}

/** The headings of a page, as links name them. */
export function headingsOf(page: string): string[] {
  const prose = page.replace(/^```[\s\S]*?^```$/gm, '')
  return [...prose.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
}

/** Scripts of package.json, as a reader would type them. */
export function scriptsNamedIn(page: string): string[] {
  const run = [...page.matchAll(/npm run (?:-s |--silent )?([\w:-]+)/g)].map((match) => match[1] ?? '')
  const short = [...page.matchAll(/npm (start|test)\b/g)].map((match) => match[1] ?? '')
  return [...run, ...short]
}

/** A table as the formatter writes it; the first row is its head. */
export function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(3, ...rows.map((cells) => cells[at]?.length ?? 0)))
  const lines = rows.map((cells) => `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`)
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  return [lines[0], rule, ...lines.slice(1)].join('\n')
}
