/** Makes a certificate for the hosts of these tests: good for two days, and signed by itself. */

import { execFileSync } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface Certificate {
  /** PEM, as the certificate. */
  readonly key: string
  readonly certificate: string
  /** The SHA-256 of its public key, in base64. */
  readonly pin: string
}

/** @param openssl the program's path */
export async function makeCertificate(openssl: string, folder: string): Promise<Certificate> {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const names = ['*.example.test', '*.friend.test', '*.family.test', 'evil.test', 'partner.test', '*.evil.test']
  const subject = [
    '-subj',
    '/CN=example.test',
    '-addext',
    `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`,
  ]
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  execFileSync(openssl, ['req', ...kind, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  const certificate = await readFile(cert, 'utf8')
  const publicKey = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' })
  return { key: await readFile(key, 'utf8'), certificate, pin: createHash('sha256').update(publicKey).digest('base64') }
}
