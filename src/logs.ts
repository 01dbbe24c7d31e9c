/** Writes to the logs what the settings let through, and names people as they say. */

import type { WaitUntil } from './authenticate/share.ts'
import type { SessionEvent } from './keeper.ts'
import type { LogEntry } from './log-entry.ts'
import type { AddressBook } from './session/address.ts'
import type { Settings } from './settings.ts'
import type { SignInEntry } from './sign-in-entry.ts'

export interface LogParts {
  readonly settings: Pick<Settings, 'log' | 'logSubject'>
  /** By it a subject is named to those who may not know it. */
  readonly book: AddressBook
  readonly log: (entry: LogEntry) => void
  readonly logEvent: ((event: SessionEvent) => void) | undefined
  readonly logSignIn: ((entry: SignInEntry) => void) | undefined
}

export interface Logs {
  /** Whether a request is logged that ended so: an entry is made only where somebody reads it. */
  wants(isRefused: boolean): boolean
  request(entry: LogEntry, waitUntil: WaitUntil): void
  event(event: SessionEvent): void
  signIn(entry: SignInEntry): void
}

export function createLogs({ settings, book, log, logEvent, logSignIn }: LogParts): Logs {
  const isPlain = settings.logSubject === 'plain'
  const named = (subject: string): Promise<string> => book.place('', subject)
  return {
    wants: (isRefused) => settings.log === 'all' || (settings.log === 'refused' && isRefused),
    request(entry, waitUntil) {
      if (isPlain || entry.subject === null) log(entry)
      else waitUntil(named(entry.subject).then((subject) => log({ ...entry, subject })))
    },
    event(event) {
      if (settings.log === 'off') return
      if (isPlain || event.subject === undefined) logEvent?.(event)
      else void named(event.subject).then((subject) => logEvent?.({ ...event, subject }))
    },
    signIn(entry) {
      if (settings.log === 'off') return
      if (isPlain || entry.subject === null) logSignIn?.(entry)
      else void named(entry.subject).then((subject) => logSignIn?.({ ...entry, subject }))
    },
  }
}
