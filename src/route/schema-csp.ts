/** What an operator may write for a Content-Security-Policy: typed directives, so that a slip isn't a hole. */

import * as z from 'zod/mini'
import { list, maybe } from './schema-words.ts'

const keyword =
  /^'(?:self|none|unsafe-inline|unsafe-eval|wasm-unsafe-eval|unsafe-hashes|strict-dynamic|report-sample)'$/
const hash = /^'sha(?:256|384|512)-[A-Za-z0-9+/_-]+={0,2}'$/
const scheme = /^[a-z][a-z0-9+.-]*:$/i
const host =
  /^(?:[a-z][a-z0-9+.-]*:\/\/)?(?:\*|(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::(?:\d{1,5}|\*))?(?:\/[^\s;,?#']*)?$/i
const unquoted = /^(?:self|none|unsafe-[a-z]+|wasm-unsafe-eval|strict-dynamic|report-sample|(?:nonce|sha\d+)-.*)$/i

/** CSP 3 section 2.3.1. */
const source = z.string().check(
  z.refine((text) => !unquoted.test(text), 'quote it: "\'self\'"; without the quotes it is a host name'),
  z.refine((text) => !/^'nonce-/i.test(text), 'a nonce that is written down is none: write nonce: true'),
  z.refine(
    (text) => /^'nonce-/i.test(text) || [keyword, hash, scheme, host].some((form) => form.test(text)),
    'write a source: "\'self\'", "https:", "https://cdn.example.com", "\'sha256-...\'"',
  ),
)

const sources = z.optional(
  list(source).check(
    z.refine((all) => !(all.length > 1 && all.includes("'none'")), "'none' stands alone: with others it means nothing"),
  ),
)

const fetches = {
  'default-src': sources,
  'script-src': sources,
  'script-src-elem': sources,
  'script-src-attr': sources,
  'style-src': sources,
  'style-src-elem': sources,
  'style-src-attr': sources,
  'img-src': sources,
  'font-src': sources,
  'connect-src': sources,
  'media-src': sources,
  'object-src': sources,
  'child-src': sources,
  'frame-src': sources,
  'worker-src': sources,
  'manifest-src': sources,
}

const yes = z.literal(true)
const words = list(z.string().check(z.regex(/^[A-Za-z][\w-]*$|^'(?:allow-duplicates|none|script)'$|^\*$/)))

const directives = z.strictObject({
  ...fetches,
  'base-uri': sources,
  'form-action': sources,
  'frame-ancestors': sources,
  sandbox: z.optional(z.union([yes, words], 'write true, or a list: ["allow-forms"]')),
  'upgrade-insecure-requests': z.optional(yes),
  'require-trusted-types-for': z.optional(list(z.literal("'script'"))),
  'trusted-types': z.optional(words),
})

export const csp = z
  .strictObject({
    directives: directives.check(
      z.refine((value) => Object.values(value).some((part) => part !== undefined), 'write at least one directive'),
    ),
    reportOnly: maybe,
    ifAbsent: maybe,
    nonce: maybe,
    reports: maybe,
  })
  .check(
    z.refine(
      (value) => !(value.nonce && value.ifAbsent),
      'a page whose policy is its own gets no nonce of ours: drop one',
    ),
    z.refine(
      (value) => !value.nonce || Boolean(value.directives['script-src'] ?? value.directives['default-src']),
      'a nonce needs "script-src" or "default-src" to stand in',
    ),
  )

export type CspConfig = z.input<typeof csp>
