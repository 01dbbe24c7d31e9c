/** The reference of the way to an upstream and back: what of it stands at an origin or a rule. */

import type { ForwardingConfig } from '../../route/schema-forward.ts'
import { type Entries, entry } from './entry.ts'

type Part<K extends keyof ForwardingConfig> = NonNullable<ForwardingConfig[K]>

export const forwarding: Entries<ForwardingConfig> = {
  timeouts: entry('{ … }', 'see below', 'How long the upstream may take.', 'timeouts: { firstByteSeconds: 5 }'),
  retries: entry(
    'integer, 0 to 5',
    '1',
    'How often a request without a body is tried again (GET, HEAD, OPTIONS, PUT, DELETE) when its upstream could not be reached; one in ten requests may be.',
    'retries: 0',
  ),
  limits: entry('{ … }', 'none', 'How large a request may be.', 'limits: { bodyBytes: 1_000_000 }'),
  rewrite: entry(
    '{ from, to }',
    'paths stay',
    'The start of a path that is another one at the upstream; links and cookies are turned back.',
    "rewrite: { from: '/app', to: '/' }",
  ),
  cookies: entry(
    '{ … }',
    'as the upstream says',
    "Attributes added to the upstream's cookies where they are absent.",
    "cookies: { secure: true, httpOnly: true, sameSite: 'Lax' }",
  ),
}

export const forwardingParts: {
  readonly timeouts: Entries<Part<'timeouts'>>
  readonly limits: Entries<Part<'limits'>>
  readonly rewrite: Entries<Part<'rewrite'>>
  readonly cookies: Entries<Part<'cookies'>>
} = {
  timeouts: {
    connectSeconds: entry(
      'number, more than 0',
      '10',
      'Until the connection stands, on Node and Deno; then 504. On Workers it is part of the first byte.',
      'timeouts: { connectSeconds: 2 }',
    ),
    firstByteSeconds: entry(
      'number, more than 0',
      '30',
      'Until the first byte of the answer, an upload not counted; then 504. A form is waited for as long for its CSRF token; then 408.',
      'timeouts: { firstByteSeconds: 5 }',
    ),
    idleSeconds: entry(
      'number, more than 0',
      'none; 600 for WebSockets',
      'Without a byte either way; then the connection is closed.',
      'timeouts: { idleSeconds: 60 }',
    ),
    totalSeconds: entry(
      'number, more than 0',
      'none',
      'For all of it; then 504, or the connection is closed where the answer has begun.',
      'timeouts: { totalSeconds: 300 }',
    ),
  },
  limits: {
    bodyBytes: entry(
      'integer, 0 or more',
      'required',
      'The most bytes of a body, counted while it streams; then 413.',
      'limits: { bodyBytes: 1_000_000 }',
    ),
  },
  rewrite: {
    from: entry('string', 'required', 'What the public path begins with.', "from: '/app'"),
    to: entry('string', 'required', "What stands in its place below the upstream's own path.", "to: '/'"),
  },
  cookies: {
    secure: entry('boolean', 'false', 'Adds Secure, where the client came by https.', 'secure: true'),
    httpOnly: entry('boolean', 'false', 'Adds HttpOnly.', 'httpOnly: true'),
    sameSite: entry("'Lax' | 'Strict'", 'nothing is added', 'Adds SameSite.', "sameSite: 'Lax'"),
  },
}
