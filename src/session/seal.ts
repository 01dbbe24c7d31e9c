/** Seals what somebody else keeps for us: they can neither read nor change it, nor show it elsewhere. */

import { base64url } from 'jose'

export interface Sealer {
  /** @param context what it is for and where it holds; it opens nowhere else */
  seal(context: string, text: string): Promise<string>
  /** null for whatever wasn't sealed here, for this, by a key that lives. */
  open(context: string, sealed: string): Promise<string | null>
}

interface SealingKey {
  readonly id: string
  readonly key: Awaited<ReturnType<typeof crypto.subtle.importKey>>
}

/** NIST SP 800-38D section 8.2.2: 96 random bits. */
const nonceBytes = 12
const idChars = 8

/** @param secrets 32 bytes each; the first seals, all open */
export function createSealer(secrets: readonly Uint8Array<ArrayBuffer>[]): Sealer {
  const importing = Promise.all(secrets.map(importSecret))
  importing.catch(() => undefined)
  return {
    async seal(context, text) {
      const [first] = await importing
      if (!first) throw new TypeError('there is no key to seal with')
      const nonce = crypto.getRandomValues(new Uint8Array(nonceBytes))
      const additionalData = bytesOf(`${first.id}\0${context}`)
      const closed = await crypto.subtle.encrypt(
        { name: 'AES-GCM', iv: nonce, additionalData },
        first.key,
        bytesOf(text),
      )
      return `${first.id}.${base64url.encode(nonce)}.${base64url.encode(new Uint8Array(closed))}`
    },
    async open(context, sealed) {
      const [id = '', nonce = '', closed = '', ...more] = sealed.split('.')
      const found = (await importing).find((key) => key.id === id)
      if (!found || more.length > 0) return null
      try {
        const iv = new Uint8Array(base64url.decode(nonce))
        if (iv.length !== nonceBytes) return null
        const additionalData = bytesOf(`${id}\0${context}`)
        const text = await crypto.subtle.decrypt(
          { name: 'AES-GCM', iv, additionalData },
          found.key,
          new Uint8Array(base64url.decode(closed)),
        )
        return new TextDecoder().decode(text)
      } catch {
        // not base64url, or not sealed by this key for this: nobody learns which
        return null
      }
    },
  }
}

/** The id is a hash of the key: two that live at once are told apart without being named. */
async function importSecret(secret: Uint8Array<ArrayBuffer>): Promise<SealingKey> {
  const hash = await crypto.subtle.digest('SHA-256', new Uint8Array([...bytesOf('sallyport sealing key\0'), ...secret]))
  return {
    id: base64url.encode(new Uint8Array(hash)).slice(0, idChars),
    key: await crypto.subtle.importKey('raw', secret, 'AES-GCM', false, ['encrypt', 'decrypt']),
  }
}

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)
