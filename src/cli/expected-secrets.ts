/** Stands in for the secrets that Cloudflare alone keeps, so that all else can be checked before a deploy. */

/** Of a form that will do for a URL, a shared secret, a token: nobody's, and never sent anywhere. */
const anyText = 'https://expected-as-a-secret.invalid'

/** Those whose form is looked into; the key is the example of RFC 7517 appendix A.2. */
const inForm: Readonly<Record<string, string>> = {
  CSRF_KEY: 'A'.repeat(43),
  SEALING_KEY: 'A'.repeat(43),
  ASSERTION_KEY: JSON.stringify({
    kty: 'EC',
    crv: 'P-256',
    x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
    y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
    d: '870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE',
    kid: 'expected-as-a-secret',
  }),
}

/**
 * @param secrets `[secrets]` of wrangler.toml: `wrangler deploy` refuses to send a Worker that lacks what is in `required`
 * @returns a stand-in for each name that is required, by the name
 */
export function standInsFor(secrets: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(requiredIn(secrets).map((name) => [name, inForm[name] ?? anyText]))
}

/** The names that `[secrets]` lists: of `.dev.vars`, wrangler reads these alone once there is such a list. */
export function requiredIn(secrets: unknown): readonly string[] {
  const required = typeof secrets === 'object' && secrets !== null && 'required' in secrets ? secrets.required : []
  return Array.isArray(required) ? required.filter((name) => typeof name === 'string') : []
}
