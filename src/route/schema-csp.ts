/** What an operator may write for a Content-Security-Policy: typed directives, so that a slip isn't a hole. */

import * as z from 'zod/mini'
import { list } from './schema-words.ts'

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

const sources = list(source).check(
  z.refine((all) => !(all.length > 1 && all.includes("'none'")), "'none' stands alone: with others it means nothing"),
)

const fetches = {
  'default-src': z.optional(sources),
  'script-src': z.optional(sources),
  'script-src-elem': z.optional(sources),
  'script-src-attr': z.optional(sources),
  'style-src': z.optional(sources),
  'style-src-elem': z.optional(sources),
  'style-src-attr': z.optional(sources),
  'img-src': z.optional(sources),
  'font-src': z.optional(sources),
  'connect-src': z.optional(sources),
  'media-src': z.optional(sources),
  'object-src': z.optional(sources),
  'child-src': z.optional(sources),
  'frame-src': z.optional(sources),
  'worker-src': z.optional(sources),
  'manifest-src': z.optional(sources),
}

const word = z.string().check(z.regex(/^[A-Za-z][\w-]*$|^'(?:allow-duplicates|none|script)'$|^\*$/))

const directives = z.strictObject({
  ...fetches,
  'base-uri': z.optional(sources),
  'form-action': z.optional(sources),
  'frame-ancestors': z.optional(sources),
  sandbox: z.optional(z.union([z.literal(true), list(word)], 'write true, or a list: ["allow-forms"]')),
  'upgrade-insecure-requests': z.optional(z.literal(true)),
  'require-trusted-types-for': z.optional(list(z.literal("'script'"))),
  'trusted-types': z.optional(list(word)),
})

export const csp = z
  .strictObject({
    directives: directives.check(
      z.refine((value) => Object.values(value).some((part) => part !== undefined), 'write at least one directive'),
    ),
    reportOnly: z.optional(z.boolean()),
    ifAbsent: z.optional(z.boolean()),
    nonce: z.optional(z.boolean()),
    reports: z.optional(z.boolean()),
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
