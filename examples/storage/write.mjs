/** Writes a session to Upstash Redis and prints its cookie; with a hint, so that it is found in one round trip and listed. */

import { createHash, createHmac, randomBytes } from 'node:crypto'
import process from 'node:process'

const { UPSTASH_REDIS_REST_URL: url = '', UPSTASH_REDIS_REST_TOKEN: token = '' } = process.env
const placeKey = process.env['PLACE_KEY'] ?? 'sallyport: not a secret'
const [, , subject = ''] = process.argv
const issuer = 'legacy'

/** @param {string} text */
const mac = (text) => createHmac('sha256', placeKey).update(text).digest('base64url')
const place = mac(`${issuer}\0${subject}`).slice(0, 22)
const id = place + randomBytes(8).toString('base64url').slice(0, 11)
const cookie = `v1.${id}${mac(issuer).slice(0, 11)}.${randomBytes(32).toString('base64url')}`

const now = Math.floor(Date.now() / 1000)
const lifeSeconds = 3600
const endsAt = now + 8 * lifeSeconds
const times = { createdAt: now, lastSeenAt: now, expiresAt: now + lifeSeconds, endsAt }
const claims = { email: `${subject}@example.com` }
const record = JSON.stringify({ v: 1, id, subject, issuer, claims, roles: ['staff'], scopes: [], ...times })

const key = `session:${createHash('sha256').update(cookie).digest('base64url')}`
const commands = [
  ['SET', key, record, 'EX', 8 * lifeSeconds],
  ['SADD', `place:${place}`, key],
  ['EXPIRE', `place:${place}`, 8 * lifeSeconds],
]
const response = await fetch(`${url}/pipeline`, {
  method: 'POST',
  headers: { authorization: `Bearer ${token}` },
  body: JSON.stringify(commands),
})
if (!response.ok) throw new Error(`Upstash answered ${response.status}`)
process.stdout.write(`__Host-sallyport=${cookie}\n`)
