/** Ends the sessions here that a provider says are over there. */

import type { SignInParts } from '../endpoints/sign-in.ts'
import { writeMark } from '../session/marks.ts'

/** Longer than a provider is waited for while somebody signs in. */
const onTheWaySeconds = 600

/** What a provider says: whose sessions, and which of its own they came of. One of the two at least. */
export interface Over {
  readonly subject: string | null
  readonly sid: string | null
}

export interface Ended {
  /** null: nobody was found. */
  readonly subject: string | null
}

export function createEnding({ life, keeper }: Pick<SignInParts, 'life' | 'keeper'>) {
  return async (issuer: string, { subject: named, sid }: Over): Promise<Ended> => {
    const subject = named ?? (sid === null ? null : await subjectOf(issuer, sid))
    if (subject === null) return { subject }
    const isFound = await endFor(issuer, subject, sid)
    // its name did what it was for: whoever has seen it since ends nobody by it
    if (isFound && sid !== null)
      await life.store.delete(await life.book.about('sid', issuer, sid)).catch(() => undefined)
    return { subject: isFound ? subject : null }
  }

  async function endFor(issuer: string, subject: string, sid: string | null): Promise<boolean> {
    const all = async (): Promise<boolean> => {
      await keeper.endSubject(issuer, subject, 'provider')
      return true
    }
    // a store that lists late could leave a session out: then all of the subject end
    if (sid === null || life.store.promises.consistency !== 'strong') return all()
    // first: who is on the way in by it looks for this once their session is there to be found
    await life.store.write(await life.book.about('over', issuer, sid), writeMark(life.now()), onTheWaySeconds)
    const { sessions, isWhole } = await keeper.list(issuer, subject)
    if (!isWhole) return all()
    const meant = sessions.filter(({ record }) => record.claims['sid'] === sid)
    await Promise.all(meant.map(({ record }) => keeper.endById(record.id, { issuer, subject }, 'provider')))
    return meant.length > 0
  }

  async function subjectOf(issuer: string, sid: string): Promise<string | null> {
    const [subject] = await life.store.read([await life.book.about('sid', issuer, sid)])
    return subject ?? null
  }
}
