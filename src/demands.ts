/** What the routes and the settings ask of the session store, and it can't give. */

import type { Gateway } from './route/compile.ts'
import { formatPath, type Problem } from './route/problem.ts'
import type { Origin } from './route/table.ts'
import { promisesOf, type StoreName } from './session/store.ts'

export interface Demanding {
  readonly sessionStore: StoreName | 'none'
  readonly upstash: object | null
  readonly vouchSecret: string | null
  readonly adminSecret: string | null
  readonly session: { readonly mostPerSubject: number | null }
}

/** @param fixes what to write, by the name of the variable */
export function unmetDemands(
  settings: Demanding,
  { origins }: Pick<Gateway, 'origins'>,
  fixes: Readonly<Record<string, string>>,
): Problem[] {
  const missing = (path: string, message: string): Problem => ({
    file: 'environment',
    path,
    value: '',
    message,
    fix: fixes[path] ?? '',
  })
  const problems: Problem[] = origins.flatMap((origin) => routesUnmet(origin))
  const reader = origins.find((origin) => origin.session)
  if (settings.sessionStore === 'none') {
    if (reader) problems.push(missing('SESSION_STORE', `not set, and the origin "${reader.name}" reads sessions`))
    if (settings.adminSecret !== null)
      problems.push(missing('SESSION_STORE', 'not set, and ADMIN_SECRET is: there would be nothing to administer'))
  }
  if (settings.sessionStore === 'upstash' && !settings.upstash)
    problems.push({
      ...missing('UPSTASH_REDIS_REST_URL', 'SESSION_STORE is upstash, and this or UPSTASH_REDIS_REST_TOKEN is not set'),
      fix: 'set both, as the console of Upstash shows them; the token as a secret',
    })
  const voucher = origins.find((origin) => origin.routes.some(({ vouches }) => vouches))
  if (voucher && settings.vouchSecret === null)
    problems.push(missing('VOUCH_SECRET', `not set, and the origin "${voucher.name}" vouches for who signs in`))
  if (settings.session.mostPerSubject !== null && isEventual(settings))
    problems.push({
      ...missing(
        'SESSIONS_PER_SUBJECT',
        `the store "${settings.sessionStore}" lists sessions late: it can't count them`,
      ),
      value: String(settings.session.mostPerSubject),
      fix: 'leave it out, or choose SESSION_STORE=durable-object or upstash',
    })
  return problems
}

const isEventual = ({ sessionStore }: Demanding): boolean =>
  sessionStore !== 'none' && promisesOf[sessionStore].consistency === 'eventual'

function routesUnmet(origin: Origin): Problem[] {
  const at = (index: number, key: string) => ({
    file: `routes/${origin.name}.ts`,
    path: formatPath(['rules', index, key]),
  })
  const voucher = origin.routes.find(({ vouches }) => vouches)
  const problems: Problem[] = []
  const bearing = origin.routes.find(({ accessToken }) => accessToken)
  if (bearing && !(origin.session && origin.providers.length > 0))
    problems.push({
      ...at(bearing.index, 'accessToken'),
      value: 'true',
      message: 'nobody signs in with a provider at this origin, so there is no access token',
      fix: 'write session: true and providers: [...], or leave it out',
    })
  if (voucher && !origin.session)
    problems.push({
      ...at(voucher.index, 'signIn'),
      value: '"vouched"',
      message: 'makes sessions that this origin does not read',
      fix: 'write session: true',
    })
  return problems
}
