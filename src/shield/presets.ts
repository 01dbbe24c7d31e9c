/** The two sets of security headers that a rule can name. */

interface Preset {
  readonly set: Readonly<Record<string, string>>
  readonly setIfAbsent: Readonly<Record<string, string>>
  readonly remove: readonly string[]
}

/** What tells an attacker which bugs to try. */
const boasts = ['server', 'x-powered-by', 'x-aspnet-version', 'x-aspnetmvc-version', 'x-generator', 'x-runtime']

/** `legacy`: what no old app breaks on. `strict`: what a new one should have. */
export const presets: Readonly<Record<'legacy' | 'strict', Preset>> = {
  legacy: {
    set: { 'x-content-type-options': 'nosniff' },
    setIfAbsent: {
      'strict-transport-security': 'max-age=31536000',
      'content-security-policy': 'upgrade-insecure-requests',
      'x-frame-options': 'SAMEORIGIN',
      'referrer-policy': 'strict-origin-when-cross-origin',
    },
    remove: boasts,
  },
  strict: {
    set: {
      'x-content-type-options': 'nosniff',
      'strict-transport-security': 'max-age=63072000; includeSubDomains',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    },
    setIfAbsent: {
      'content-security-policy':
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    },
    remove: boasts,
  },
}
