/** The CLI: finds the verb, reads its flags, runs it. One file per verb beside this one. */

import process from 'node:process'
import { nearest } from '../route/problem.ts'
import { check } from './check.ts'
import { cspSuggest } from './csp-suggest.ts'
import { deny } from './deny.ts'
import { doctor } from './doctor/doctor.ts'
import { explain } from './explain.ts'
import { FindingsError, printFindings } from './findings.ts'
import { routes } from './routes.ts'
import { secret } from './secret.ts'
import { sessionCreate } from './session-create.ts'
import { sessionEnd } from './session-end.ts'
import { sessionLs } from './session-ls.ts'
import { type Io, readGiven, UsageError, type Verb } from './verb.ts'

const verbs: readonly Verb[] = [
  check,
  routes,
  explain,
  doctor,
  secret,
  sessionCreate,
  sessionLs,
  sessionEnd,
  deny,
  cspSuggest,
]

/** Runs the CLI in this process, and leaves it its exit code. */
export async function start(): Promise<void> {
  process.exitCode = await run(process.argv.slice(2), {
    out: (text) => process.stdout.write(`${text}\n`),
    err: (text) => process.stderr.write(`${text}\n`),
    cwd: process.cwd(),
    environment: process.env,
    now: () => Date.now() / 1000,
  })
}

/** @returns the exit code: 0 done, 1 findings, 2 typed wrongly */
export async function run(args: readonly string[], io: Io): Promise<number> {
  try {
    const [first] = args
    if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
      ;(first === undefined ? io.err : io.out)(overview())
      return first === undefined ? 2 : 0
    }
    const verb = findVerb(args)
    const given = readGiven(verb, args.slice(verb.name.split(' ').length))
    if (given.flag('help')) {
      io.out(helpOf(verb))
      return 0
    }
    return await verb.run(given, io)
  } catch (error) {
    if (error instanceof UsageError) {
      io.err(`sallyport: ${error.message}`)
      return 2
    }
    if (!(error instanceof FindingsError)) throw error
    printFindings(error.findings, args.includes('--json'), io)
    return 1
  }
}

function findVerb(args: readonly string[]): Verb {
  const verb = verbs.find(({ name }) => name.split(' ').every((word, at) => args[at] === word))
  if (verb) return verb
  const words = args.filter((arg) => !arg.startsWith('-'))
  const names = verbs.map(({ name }) => name)
  const near = nearest(words.slice(0, 2).join(' '), names) ?? nearest(words[0] ?? '', names)
  const begun = names.find((name) => name.startsWith(`${words[0]} `))
  const meant = near ?? begun
  throw new UsageError(
    `there is no verb "${words.slice(0, begun ? 2 : 1).join(' ') || args[0]}"; ${meant ? `did you mean "${meant}"?` : `the verbs: ${names.join(', ')}`}`,
  )
}

const overview = (): string => `sallyport: an auth gateway for the edge

Usage: npx sallyport VERB [flags]

${verbs.map(({ name, summary }) => `  ${name.padEnd(16)}${summary}`).join('\n')}

Each verb takes --json (for machines) and --help (for people).
Exit codes: 0 done, 1 findings, 2 typed wrongly.`

const helpOf = (verb: Verb): string => `sallyport ${verb.name}: ${verb.summary}

${verb.help}
  --json            print JSON, and nothing else, on standard output
  --help, -h        print this`
