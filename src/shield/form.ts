/** Looks for the CSRF token in a form while it streams through: nothing goes on before it is found, every byte after. */

import type { FormKind } from '../decision.ts'
import { csrfField } from './csrf-token.ts'

/** A form whose token comes later than this is refused. */
export const maxInspectedBytes = 65_536

/** What an HTML form can be sent as and a field be found in; null for any other type (HTML section 4.10.21.6). */
export function formKind(contentType: string | null): FormKind | null {
  const [type = '', ...parameters] = (contentType ?? '').split(';').map((part) => part.trim())
  if (/^application\/x-www-form-urlencoded$/i.test(type)) return { kind: 'urlencoded' }
  if (!/^multipart\/form-data$/i.test(type)) return null
  const named = parameters.filter((part) => /^boundary=/i.test(part))
  const boundary = /^boundary=(?:"([^"\\]{1,70})"|([^\s"\\]{1,70}))$/i.exec(named[0] ?? '')
  const text = boundary?.[1] ?? boundary?.[2]
  return named.length === 1 && text !== undefined ? { kind: 'multipart', boundary: text } : null
}

/**
 * Reads until the token is there, or until it is too late.
 *
 * @returns the body, byte for byte, or null: no token, or none that is accepted
 */
export async function inspectForm(
  body: AsyncIterable<Uint8Array>,
  form: FormKind,
  accepts: (token: string) => Promise<boolean>,
): Promise<AsyncIterable<Uint8Array> | null> {
  const source = body[Symbol.asyncIterator]()
  const held: Uint8Array[] = []
  let bytes = 0
  let text = ''
  // looked at again only when it has doubled: who sends byte by byte shall not make us read it all each time
  let next = 1
  for (;;) {
    const { value, done } = await source.next()
    if (value) {
      held.push(value)
      bytes += value.length
      text += latin1(value.subarray(0, Math.max(0, maxInspectedBytes - text.length)))
    }
    if (!done && text.length < next && bytes < maxInspectedBytes) continue
    next = text.length * 2
    const token = findToken(text, form, done ?? false)
    if (token !== null && (await accepts(token))) return resume(held, source, done ?? false)
    if (token !== null || done || bytes >= maxInspectedBytes) {
      await source.return?.()
      return null
    }
  }
}

async function* resume(
  held: Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
  isDone: boolean,
): AsyncGenerator<Uint8Array> {
  try {
    yield* held
    while (!isDone) {
      const { value, done } = await rest.next()
      if (done) return
      yield value
    }
  } finally {
    await rest.return?.()
  }
}

/** The first field of that name; null while it isn't whole. */
function findToken(text: string, form: FormKind, isAll: boolean): string | null {
  return form.kind === 'urlencoded' ? findField(text, isAll) : findPart(text, form.boundary)
}

function findField(text: string, isAll: boolean): string | null {
  const fields = text.split('&')
  if (!isAll) fields.pop()
  return fields.find((field) => field.startsWith(`${csrfField}=`))?.slice(csrfField.length + 1) ?? null
}

const ourPart = new RegExp(`^content-disposition:[ \\t]*form-data;[ \\t]*name="?${csrfField}"?[ \\t]*$`, 'im')

/** RFC 7578, RFC 2046 section 5.1.1: a part is whole once the next delimiter is there. */
function findPart(text: string, boundary: string): string | null {
  const parts = `\r\n${text}`.split(`\r\n--${boundary}`)
  for (const part of parts.slice(1, -1)) {
    const blank = part.indexOf('\r\n\r\n')
    if (blank >= 0 && ourPart.test(part.slice(0, blank))) return part.slice(blank + 4)
  }
  return null
}

/** One character per byte, so that nothing is lost and nothing can be invalid. */
function latin1(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096))
  return text
}
