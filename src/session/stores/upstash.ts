/** Keeps sessions in Upstash Redis, over HTTP: strong, and in one region. */

import { type Key, pageSize, promisesOf, type SessionStore, StoreFault } from '../store.ts'

/** What is asked of a Redis client: four commands. Nothing is put together as text but the keys. */
export interface RedisCommands {
  mget(...names: string[]): Promise<unknown>
  set(name: string, text: string, options?: { readonly px: number }): Promise<unknown>
  del(name: string): Promise<unknown>
  eval(script: string, names: string[], values: string[]): Promise<unknown>
}

export interface UpstashAccount {
  readonly url: string
  readonly token: string
  readonly timeoutMilliseconds: number
}

/** The names of a subject's sessions stand in a set, which lives as long as the longest of them. */
const addToPlace = `
local ttl = tonumber(ARGV[1])
redis.call('SADD', KEYS[2], KEYS[1])
local left = redis.call('PTTL', KEYS[2])
if ttl < 0 then redis.call('PERSIST', KEYS[2])
elseif left ~= -1 and left < ttl or redis.call('SCARD', KEYS[2]) == 1 then redis.call('PEXPIRE', KEYS[2], ttl) end`

const setText = `
if tonumber(ARGV[1]) < 0 then redis.call('SET', KEYS[1], ARGV[2]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[1]) end`

const scripts = {
  write: `${setText}${addToPlace} return 1`,
  /** ARGV[3]: what has to be there, or nothing when ARGV[4] is 0. */
  swap: `
local there = redis.call('GET', KEYS[1])
if ARGV[4] == '0' and there or ARGV[4] == '1' and there ~= ARGV[3] then return 0 end
${setText}
if KEYS[2] then ${addToPlace} end return 1`,
  raise: `
local there = tonumber(redis.call('GET', KEYS[1]) or '')
if there and there >= tonumber(ARGV[2]) then return 1 end
${setText}
return 1`,
  list: `
local page = redis.call('SSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
local found = { page[1] }
for _, name in ipairs(page[2]) do
  local text = redis.call('GET', name)
  if text then found[#found + 1] = name found[#found + 1] = text else redis.call('SREM', KEYS[1], name) end
end
return found`,
}

export function createUpstashStore(redis: RedisCommands): SessionStore {
  return {
    promises: promisesOf.upstash,
    async read(keys) {
      const texts = await redis.mget(...keys.map(({ name }) => name))
      if (!isTexts(texts) || texts.length !== keys.length) throw new StoreFault('Redis gave no such list')
      return texts
    },
    async write(key, text, ttlSeconds) {
      const names = namesOf(key)
      if (names.length === 2) return expect(await redis.eval(scripts.write, names, [pxOf(ttlSeconds), text]), 1)
      const options = ttlSeconds === null ? undefined : { px: Number(pxOf(ttlSeconds)) }
      expect(await redis.set(key.name, text, options), 'OK')
    },
    async swap(key, before, text, ttlSeconds) {
      const values = [pxOf(ttlSeconds), text, before ?? '', before === null ? '0' : '1']
      const answer = await redis.eval(scripts.swap, namesOf(key), values)
      if (answer !== 0 && answer !== 1) throw new StoreFault('Redis gave no such number')
      return answer === 1
    },
    async raise({ name }, time, ttlSeconds) {
      expect(await redis.eval(scripts.raise, [name], [pxOf(ttlSeconds), time]), 1)
    },
    async delete({ name }) {
      if (typeof (await redis.del(name)) !== 'number') throw new StoreFault('Redis gave no such number')
    },
    async list(place, after) {
      const answer = await redis.eval(scripts.list, [`place:${place}`], [after ?? '0', String(pageSize)])
      if (!isTexts(answer) || answer.length % 2 === 0) throw new StoreFault('Redis gave no such list')
      const [cursor, ...texts] = answer
      const stored = texts.flatMap((name, at) =>
        at % 2 === 0 ? { key: { place, name: name ?? '' }, text: texts[at + 1] ?? '' } : [],
      )
      return { stored, next: cursor === '0' || cursor === undefined ? null : cursor }
    },
  }
}

type Send = (url: string, init: RequestInit) => Promise<Response>

/** A command goes out as JSON, its result comes back: one request each, none of them repeated. */
export function openUpstash({ url, token, timeoutMilliseconds }: UpstashAccount, send: Send = fetch): RedisCommands {
  return {
    mget: (...names) => run('MGET', ...names),
    set: (name, text, options) => run('SET', name, text, ...(options ? ['PX', options.px] : [])),
    del: (name) => run('DEL', name),
    eval: (script, names, values) => run('EVAL', script, names.length, ...names, ...values),
  }

  async function run(...command: readonly (string | number)[]): Promise<unknown> {
    const response = await send(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(command),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMilliseconds),
    })
    if (response.status !== 200) {
      await response.body?.cancel()
      throw new StoreFault(`Redis answered ${response.status}`)
    }
    const answer: unknown = await response.json()
    // null is a result, and says "nothing there": an answer without any must not be taken for it
    if (typeof answer !== 'object' || answer === null || !('result' in answer) || 'error' in answer)
      throw new StoreFault('Redis gave no result')
    return answer.result
  }
}

const namesOf = ({ place, name }: Key): string[] =>
  place !== '' && name.startsWith('session:') ? [name, `place:${place}`] : [name]

const pxOf = (ttlSeconds: number | null): string =>
  ttlSeconds === null ? '-1' : String(Math.max(1, Math.ceil(ttlSeconds * 1000)))

function expect(answer: unknown, wanted: unknown): void {
  if (answer !== wanted) throw new StoreFault('Redis did not confirm')
}

const isTexts = (value: unknown): value is (string | null)[] =>
  Array.isArray(value) && value.every((item) => item === null || typeof item === 'string')
