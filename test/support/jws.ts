/** Signs any bytes as a compact JWS, however wrong: for tokens that a library won't make. */

import { base64url, type CryptoKey } from 'jose'

/** @param header and payload as the very text that is signed */
export async function signRaw(header: string, payload: string, key: CryptoKey | Uint8Array): Promise<string> {
  const input = `${base64url.encode(header)}.${base64url.encode(payload)}`
  const bytes = new TextEncoder().encode(input)
  return `${input}.${base64url.encode(new Uint8Array(await signatureOf(bytes, key)))}`
}

async function signatureOf(bytes: Uint8Array<ArrayBuffer>, key: CryptoKey | Uint8Array): Promise<ArrayBuffer> {
  if (!(key instanceof Uint8Array)) return crypto.subtle.sign(key.algorithm.name, key, bytes)
  const hmac = { name: 'HMAC', hash: 'SHA-256' }
  const secret = await crypto.subtle.importKey('raw', new Uint8Array(key), hmac, false, ['sign'])
  return crypto.subtle.sign('HMAC', secret, bytes)
}
