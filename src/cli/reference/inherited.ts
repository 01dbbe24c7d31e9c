/** The reference of what stands at an origin for all its rules, and at a rule for itself. */

import type { InheritedConfig } from '../../route/schema.ts'
import type { CspConfig } from '../../route/schema-csp.ts'
import type { IdentityConfig } from '../../route/schema-identity.ts'
import { type Entries, entry } from './entry.ts'
import { forwarding, forwardingParts } from './forwarding.ts'

type Part<K extends keyof InheritedConfig> = Extract<NonNullable<InheritedConfig[K]>, object>

export const inherited: Entries<InheritedConfig> = {
  ...forwarding,
  cors: entry(
    "{ … } | 'upstream' | 'none'",
    'no page of another origin may',
    "Which pages may read its answers: a table; the upstream's own headers; or no page.",
    "cors: { origins: ['https://console.example.com'], credentials: true }",
  ),
  csrf: entry(
    "{ … } | 'exempt'",
    'only pages of the same origin, and those that `cors` allows with credentials',
    'Who may send an unsafe request that carries a session.',
    "csrf: { origins: ['https://forms.example.com'] }",
  ),
  mode: entry(
    "'enforce' | 'report'",
    "'enforce'",
    'Whether a refusal is carried out, or only reported.',
    "mode: 'report'",
  ),
  headers: entry(
    "'legacy' | 'strict' | { … }",
    "'legacy'",
    'Security headers of its answers: a preset, or a table that may start from one.',
    "headers: 'strict'",
  ),
  identity: entry(
    '{ … }',
    'none is said',
    'In which headers the origin is told who it is.',
    "identity: { headers: { 'X-Remote-User': 'subject' } }",
  ),
  freshness: entry(
    'number, 0 to 60',
    '5',
    'For how many seconds a session that was looked up is believed; 0 asks the store each time. With SESSION_STORE=kv at least 5: it could not tell sooner.',
    'freshness: 0',
  ),
  staleIfError: entry(
    'number, 0 to 3600',
    '0',
    'For how many seconds a session that was looked up is believed when the store cannot be asked; 0: 503.',
    'staleIfError: 60',
  ),
  pass: entry(
    '{ … }',
    'neither passes',
    "Which of the client's credentials reach the upstream.",
    'pass: { authorization: true }',
  ),
}

export const parts: typeof forwardingParts & {
  readonly cors: Entries<Part<'cors'>>
  readonly csrf: Entries<Part<'csrf'>>
  readonly headers: Entries<Part<'headers'>>
  readonly csp: Entries<CspConfig>
  readonly identity: Entries<IdentityConfig>
  readonly pass: Entries<Part<'pass'>>
} = {
  ...forwardingParts,
  cors: {
    origins: entry(
      "'*' | string[]",
      'required',
      'The origins of those pages, as browsers send them, or with `*.` for subdomains.',
      "origins: ['https://*.example.com']",
    ),
    credentials: entry('boolean', 'false', 'Whether they may send cookies; never with `*`.', 'credentials: true'),
    methods: entry('string[]', 'those of the rule', 'The methods they may use.', "methods: ['GET', 'PUT']"),
    headers: entry('string[]', 'none', 'The request headers they may set.', "headers: ['Content-Type']"),
    expose: entry('string[]', 'none', 'The answer headers they may read.', "expose: ['ETag']"),
    maxAgeSeconds: entry(
      'integer, 0 to 86400',
      '600',
      'How long a browser may remember a preflight.',
      'maxAgeSeconds: 60',
    ),
    privateNetwork: entry(
      'boolean',
      'false',
      'Whether public pages may reach into a private network; never with `*`.',
      'privateNetwork: true',
    ),
  },
  csrf: {
    origins: entry(
      'string[]',
      'none',
      'Other origins whose pages may send unsafe requests.',
      "origins: ['https://forms.example.com']",
    ),
    siblings: entry('boolean', 'false', 'Whether every host of the same site may.', 'siblings: true'),
    token: entry(
      'boolean',
      'false',
      'Whether a browser that says nothing of where it comes from may show a token instead.',
      'token: true',
    ),
  },
  headers: {
    csp: entry(
      '{ … }',
      'none',
      'A Content-Security-Policy; see below.',
      "csp: { directives: { 'default-src': [\"'self'\"] } }",
    ),
    preset: entry("'legacy' | 'strict'", 'none', 'What the table starts from.', "preset: 'legacy'"),
    set: entry(
      '{ [name]: value }',
      'none',
      "Set on every answer, whatever the upstream's says.",
      "set: { 'X-Frame-Options': 'DENY' }",
    ),
    setIfAbsent: entry(
      '{ [name]: value }',
      'none',
      'Set where the upstream says nothing.',
      "setIfAbsent: { 'Referrer-Policy': 'no-referrer' }",
    ),
    remove: entry('string[]', 'none', "Taken out of the upstream's answer.", "remove: ['X-Powered-By']"),
  },
  csp: {
    directives: entry(
      '{ [directive]: sources }',
      'required',
      'What may load, by directive: a list of sources; `true` for those that take none.',
      "directives: { 'script-src': [\"'self'\", 'https://cdn.example.com'] }",
    ),
    reportOnly: entry('boolean', 'false', 'Whether a breach is only reported.', 'reportOnly: true'),
    ifAbsent: entry('boolean', 'false', "Whether a policy of the upstream's stands.", 'ifAbsent: true'),
    nonce: entry(
      'boolean',
      'false',
      'Whether scripts and styles of a page get a nonce, new for each answer. On Workers alone; not with `ifAbsent`.',
      'nonce: true',
    ),
    reports: entry('boolean', 'false', 'Whether browsers report breaches to the log of the gateway.', 'reports: true'),
  },
  identity: {
    headers: entry(
      '{ [name]: selector }',
      'required',
      'Header and what it says: `subject`, `issuer`, `roles`, `scopes`, `expiresAt` or `claims.<path>`. What is absent gives no header. A `subject` belongs to its issuer: where people come from several, say `issuer` too.',
      "headers: { 'X-Remote-Email': 'claims.email' }",
    ),
    encoding: entry(
      "'percent' | 'base64url'",
      "'percent'",
      'How what is not ASCII is written.',
      "encoding: 'base64url'",
    ),
    assertion: entry(
      'boolean',
      'false',
      'Whether `X-Sallyport-Assertion` says it too, as a JWT that the origin can verify. Needs `ASSERTION_KEY`.',
      'assertion: true',
    ),
  },
  pass: {
    authorization: entry(
      'boolean',
      'false',
      'Whether `Authorization` reaches the upstream. NTLM and Negotiate never do: they make a connection somebody’s, and connections serve everybody.',
      'authorization: true',
    ),
    sessionCookie: entry(
      'boolean',
      'false',
      "Whether the gateway's cookie does, the one that the origin reads.",
      'sessionCookie: true',
    ),
  },
}
