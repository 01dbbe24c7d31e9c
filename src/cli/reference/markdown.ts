/** Lays entries out as a table of Markdown. */

import type { Entry } from './entry.ts'

/** Key, type, default, meaning, example; a row per key. */
export const columnsOfMarkdown = (entries: Readonly<Record<string, Entry>>): string =>
  [
    '| Key | Type | Default | Meaning | Example |',
    '|---|---|---|---|---|',
    ...Object.entries(entries).map(
      ([key, { type, otherwise, meaning, example }]) =>
        `| \`${key}\` | ${cell(`\`${type}\``)} | ${cell(otherwise)} | ${cell(meaning)} | ${cell(`\`${example}\``)} |`,
    ),
  ].join('\n')

/** A bar within a cell ends it, even between backticks. */
const cell = (text: string): string => text.replaceAll('|', '\\|')
