/** The admin API: lists, makes and ends sessions, denies tokens. Absent unless ADMIN_SECRET is set. */

import type { Context } from 'hono'
import { Hono } from 'hono/tiny'
import * as z from 'zod/mini'
import { createAllowance } from '../authenticate/allowance.ts'
import type { Own } from '../endpoints/line.ts'
import type { Keeper } from '../keeper.ts'
import type { Table } from '../route/table.ts'
import { cookieNameOf } from '../session/cookie.ts'
import { isSameSecret } from '../session/secret.ts'
import { name, nowhere } from '../session/session.ts'

export interface AdminParts {
  readonly secret: string
  readonly keeper: Keeper
  readonly table: Pick<Table, 'originOf'>
  /** Seconds since the epoch. */
  readonly now: () => number
}

/** So many calls a second and instance, so that the store isn't flooded. */
export const callsPerSecond = 20
/** So many wrong secrets are told that they are wrong. Apart from the calls: a stranger can't lock the operator out. */
export const guessesPerSecond = 20
const maxBodyChars = 65_536

const id = z.string().check(z.regex(/^[\w.:~-]{1,128}$/))

const newSession = z.lazy(() =>
  z.strictObject({
    subject: name,
    issuer: z._default(name, 'sallyport'),
    roles: z.optional(z.array(z.string())),
    scopes: z.optional(z.array(z.string())),
    claims: z.optional(z.record(z.string(), z.unknown())),
    origins: z.optional(z.array(z.string()).check(z.minLength(1))),
    remember: z.optional(z.boolean()),
  }),
)

const ending = z.lazy(() =>
  z.union([
    z.strictObject({ id, issuer: name, subject: name }),
    z.strictObject({ id }),
    z.strictObject({ issuer: name, subject: name }),
    z.strictObject({ issuer: name, everyone: z.literal(true) }),
  ]),
)

const denial = z.lazy(() =>
  z.strictObject({
    issuer: name,
    jti: name,
    expiresAt: z.optional(z.number().check(z.minimum(0), z.maximum(253_402_300_799))),
  }),
)

export function createAdmin({ secret, keeper, table, now }: AdminParts): Hono<Own> {
  const app = new Hono<Own>()
  const calls = createAllowance(callsPerSecond, now)
  const guesses = createAllowance(guessesPerSecond, now)

  app.use('/.sallyport/admin/*', async (c, next) => {
    const [, given = ''] = /^Bearer ([\x21-\x7e]{1,512})$/.exec(c.req.header('authorization') ?? '') ?? []
    const isRight = await isSameSecret(given, secret)
    if (!(isRight ? calls : guesses).take())
      return problem(c, 'too-many-calls', 429, 'Too many calls', { 'retry-after': '1' })
    if (!isRight)
      return problem(c, 'not-admin', 401, 'Not the admin secret', {
        'www-authenticate': 'Bearer realm="sallyport admin"',
      })
    // the caller has proved itself: its mistakes are told, the store's failure is no verdict
    try {
      return await next()
    } catch (error) {
      return unconfirmed(c, error)
    }
  })
  app.onError((error, c) => unconfirmed(c, error))

  app.get('/.sallyport/admin/sessions', async (c) => {
    const issuer = c.req.query('issuer') ?? 'sallyport'
    const subject = c.req.query('subject')
    if (!subject) return problem(c, 'malformed', 400, 'Write ?subject= and, unless it is "sallyport", &issuer=')
    const { sessions, isWhole } = await keeper.list(issuer, subject)
    return c.json({
      more: !isWhole,
      sessions: sessions.map(({ record }) => ({
        id: record.id,
        createdAt: record.createdAt,
        lastSeenAt: record.lastSeenAt,
        expiresAt: Math.min(record.expiresAt, record.endsAt),
        address: record.address ?? null,
        userAgent: record.userAgent ?? null,
        roles: record.roles,
      })),
    })
  })

  app.post('/.sallyport/admin/sessions', async (c) => {
    const who = await read(c, newSession)
    if (!who)
      return problem(c, 'malformed', 400, 'Write { subject, issuer?, roles?, scopes?, claims?, origins?, remember? }')
    const { issuer, subject, remember, ...rest } = who
    const session = { issuer, subject, remember, ...definedOf(rest) }
    const { cookie, record } = await keeper.signIn(session, nowhere, null, 'admin')
    // by the name that it has at the host that was asked
    const { site = null } = table.originOf(new URL(c.req.url).host)?.sessionOptions ?? {}
    return c.json(
      { cookie: `${cookieNameOf(site)}=${cookie}`, id: record.id, expiresAt: record.expiresAt, endsAt: record.endsAt },
      201,
    )
  })

  app.post('/.sallyport/admin/sessions/end', async (c) => {
    const what = await read(c, ending)
    if (!what)
      return problem(
        c,
        'malformed',
        400,
        'Write { id }, { id, issuer, subject }, { issuer, subject }, or { issuer, everyone: true }',
      )
    if ('everyone' in what) await keeper.endIssuer(what.issuer, 'admin')
    else if (!('id' in what)) await keeper.endSubject(what.issuer, what.subject, 'admin')
    else if (!(await keeper.endById(what.id, 'issuer' in what ? what : null, 'admin')))
      return problem(c, 'malformed', 400, 'No session of ours has this id: if others made it, add issuer and subject')
    return c.body(null, 204)
  })

  app.post('/.sallyport/admin/tokens/deny', async (c) => {
    const what = await read(c, denial)
    if (!what) return problem(c, 'malformed', 400, 'Write { issuer, jti, expiresAt? }')
    await keeper.deny(what.issuer, what.jti, what.expiresAt ?? null, 'admin')
    return c.body(null, 204)
  })
  return app
}

/** A body of the form, or null. Counted while it streams. */
async function read<T extends z.ZodMiniType>(c: Context<Own>, schema: T): Promise<z.output<T> | null> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of c.req.raw.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > maxBodyChars) return null
  }
  try {
    const parsed = z.safeParse(schema, JSON.parse(text))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

const definedOf = <T extends object>(object: T) =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }

function unconfirmed(c: Context<Own>, error: unknown): Response {
  c.var.told.refusal = { reason: 'store-unavailable', cause: error instanceof Error ? error.name : 'unknown' }
  return problem(c, 'store-unavailable', 503, 'The store did not confirm it', { 'retry-after': '5' })
}

/** @param reason for the log */
function problem(
  c: Context<Own>,
  reason: string,
  status: number,
  title: string,
  headers: Record<string, string> = {},
): Response {
  c.var.told.reason = reason
  return Response.json(
    { title, status, requestId: c.var.told.requestId },
    { status, headers: { 'content-type': 'application/problem+json', 'x-sallyport': 'refused', ...headers } },
  )
}
