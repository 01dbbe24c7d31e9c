import { describe, expect, it } from 'vitest'
import { openTestGateway } from '../support/gateway.ts'

const secret = 'a-check-secret-of-32-characters-or-more'

describe('a preflight that goes to the upstream when the gateway forwards', () => {
  const { gateway } = openTestGateway(
    {
      issuers: {
        corp: {
          issuer: 'https://id.example.com',
          audience: 'app',
          algorithms: ['RS256'],
          jwks: 'https://id.example.com/keys',
        },
      },
      origins: [
        {
          name: 'app',
          host: 'app.example.com',
          upstream: 'https://app.example.net',
          bearer: ['corp'],
          cors: 'upstream',
          rules: [{ path: '/*', access: 'signed-in' }],
        },
      ],
    },
    { CHECK_SECRET: secret },
  )
  const told = {
    'x-sallyport-secret': secret,
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'app.example.com',
    'x-forwarded-uri': '/orders',
  }

  it.each([
    ['a preflight', { 'x-forwarded-method': 'OPTIONS', 'access-control-request-method': 'POST' }, 403],
    ['what only looks like one', { 'x-forwarded-method': 'POST', 'access-control-request-method': 'POST' }, 401],
  ])('is not for a proxy to send on with all that came: %s', async (_, more, status) => {
    const headers = { ...told, origin: 'https://console.example.com', ...more }
    const answer = await gateway.endpoints.fetch(
      new Request('https://gateway.example.com/.sallyport/check', { headers }),
    )
    expect(answer.status).toBe(status)
  })
})
