/** The head of the request that `explain` is asked about, cut as the runtimes cut it: never normalised. */

import type { Head } from '../head.ts'
import { type Given, UsageError } from './verb.ts'

/** Throws {@link UsageError} for what is no URL, or no header. */
export function readHead(given: Given): Head {
  const [method = '', url = ''] = given.positionals
  const [, scheme = '', host = '', rest = ''] = /^(https?):\/\/([^/?#]*)(.*)$/is.exec(url) ?? []
  if (scheme === '') throw new UsageError(`"${url}" is no whole URL; write one: https://app.example.com/admin`)
  if (/^(?:https?:)?\//i.test(method)) throw new UsageError('the method comes first: explain GET https://...')
  const headers = new Headers()
  for (const line of given.list('header')) {
    const [, name = '', value = ''] = /^([^:]+):[ \t]*(.*)$/s.exec(line) ?? []
    try {
      headers.append(name, value)
    } catch {
      throw new UsageError(`-H '${line}' is no header; write -H 'Name: value'`)
    }
  }
  return {
    method,
    scheme: scheme.toLowerCase() === 'http' ? 'http' : 'https',
    host,
    target: rest.startsWith('/') ? rest : `/${rest}`,
    headers,
    clientAddress: null,
  }
}
