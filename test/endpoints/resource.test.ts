import { describe, expect, it } from 'vitest'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { headerOf, openTestGateway } from '../support/gateway.ts'

const corp = { issuer: 'https://id.example.com', audience: 'api', algorithms: ['RS256'] }
const wellKnown = '/.well-known/oauth-protected-resource'

/** A gateway of one origin, api.example.com, that takes the tokens of `issuers`. */
function open(issuers: Record<string, object>, rules: object[], more: object = {}) {
  const routes = {
    issuers,
    origins: [
      {
        name: 'api',
        host: ['api.example.com', '*.tenants.example.com'],
        upstream: 'https://api.example.net',
        ...(Object.keys(issuers).length > 0 && { bearer: Object.keys(issuers) }),
        rules,
        ...more,
      },
    ],
  }
  const { gateway, ask } = openTestGateway(routes, { SESSION_STORE: 'memory' }, { store: createMemoryStore(() => 0) })
  const read = async (path = '', host = 'https://api.example.com'): Promise<Record<string, unknown> | number> => {
    const response = await gateway.endpoints.request(`${host}${wellKnown}${path}`)
    return response.status === 200 ? ((await response.json()) as Record<string, unknown>) : response.status
  }
  /** Where the refusal of a request without a token sends the client. */
  const sentTo = async (path: string, headers: Record<string, string> = {}): Promise<string | undefined> => {
    const { answer } = await ask(`GET https://api.example.com${path}`, headers)
    return /resource_metadata="https:\/\/api\.example\.com\/\.well-known\/oauth-protected-resource([^"]*)"/.exec(
      headerOf(answer, 'www-authenticate') ?? '',
    )?.[1]
  }
  const owns = (path: string): boolean => gateway.owns({ host: 'api.example.com', target: `${wellKnown}${path}` })
  return { read, sentTo, owns, gateway, ask }
}

const signedIn = { path: '/*', access: 'signed-in' }

describe('what a client reads that has no token yet', () => {
  it('is the issuers, and the scopes that rules ask for', async () => {
    const { read } = open({ corp, other: { ...corp, issuer: 'https://other.example.com' } }, [
      { path: '/open/*', access: 'public' },
      { path: '/a/*', access: { any: [{ scopes: ['read', 'write'] }, { roles: ['admin'] }] } },
      { path: '/b/*', access: { all: ['signed-in', { scopes: ['read'] }, { not: { scopes: ['blocked'] } }] } },
    ])
    expect(await read()).toEqual({
      resource: 'https://api.example.com',
      authorization_servers: ['https://id.example.com', 'https://other.example.com'],
      scopes_supported: ['read', 'write'],
      bearer_methods_supported: ['header'],
    })
  })

  it('is of the host that was asked, and says nothing of scopes where there are none', async () => {
    const { read } = open({ corp }, [signedIn])
    expect(await read('', 'https://a.tenants.example.com')).toEqual({
      resource: 'https://a.tenants.example.com',
      authorization_servers: ['https://id.example.com'],
      bearer_methods_supported: ['header'],
    })
  })

  it('is of the resource that stands behind the path (RFC 9728 section 3.1), and of no other', async () => {
    const { read } = open({ corp }, [
      { path: '/mcp', access: { scopes: ['tools'] } },
      { path: '/orders/:id', access: { scopes: ['orders'] } },
      { path: '/open/*', access: 'public' },
      signedIn,
    ])
    expect(await read('/mcp')).toMatchObject({ resource: 'https://api.example.com/mcp', scopes_supported: ['tools'] })
    expect(await read('?x=1')).toMatchObject({ resource: 'https://api.example.com' })
    for (const none of ['/', '/mcp/', '/mcp/x', '/MCP', '/%6dcp', '/orders', '/orders/:id', '/open', '//mcp'])
      expect([none, await read(none)]).toEqual([none, 404])
  })

  it.each([
    ['that is not to be told of', { ...corp, advertised: false }],
    ['whose secret we share', { ...corp, algorithms: ['HS256'], secret: { env: 'SECRET' } }],
  ])('names no issuer %s', async (_, hidden) => {
    const opened = openTestGateway(
      {
        issuers: { hidden, corp },
        origins: [
          {
            name: 'a',
            host: 'a.test',
            upstream: 'https://a.example.net',
            bearer: ['hidden', 'corp'],
            rules: [signedIn],
          },
          { name: 'b', host: 'b.test', upstream: 'https://b.example.net', bearer: ['hidden'], rules: [signedIn] },
        ],
      },
      { SECRET: 'a shared secret of 32 bytes or more' },
    )
    const told = await opened.gateway.endpoints.request(`https://a.test${wellKnown}`)
    expect(await told.json()).toMatchObject({ authorization_servers: ['https://id.example.com'] })
    expect(opened.gateway.owns({ host: 'b.test', target: wellKnown })).toBe(false)
    expect((await opened.gateway.endpoints.request(`https://b.test${wellKnown}`)).status).toBe(404)
    const { answer } = await opened.ask('GET https://b.test/')
    expect(headerOf(answer, 'www-authenticate')).toBe('Bearer realm="b"')
  })
})

describe('where a refusal sends a client', () => {
  it('is what the rule belongs to', async () => {
    const { sentTo } = open({ corp }, [
      { path: '/mcp/*', access: 'signed-in' },
      { path: '/orders/:id', access: 'signed-in' },
      { path: '/perhaps', access: 'optional' },
      signedIn,
    ])
    expect(await sentTo('/mcp/tools')).toBe('/mcp')
    expect(await sentTo('/orders/7')).toBe('')
    expect(await sentTo('/elsewhere')).toBe('')
    expect(await sentTo('/perhaps', { authorization: 'Bearer a.b.c' })).toBe('/perhaps')
    expect(await sentTo('/elsewhere', { authorization: 'Basic x' })).toBe('')
  })

  it('is what the audience names, so that the token that is asked for will be taken', async () => {
    const audience = ['https://api.example.com/mcp', 'https://api.example.com/mcp/tools/', 'https://x.example.com/a']
    const { sentTo, read } = open({ corp: { ...corp, audience } }, [
      { path: '/mcp/tools/*', access: 'signed-in' },
      { path: '/mcp/:name', access: 'signed-in' },
      { path: '/mcpx', access: 'signed-in' },
      { path: '/a', access: 'signed-in' },
    ])
    expect(await sentTo('/mcp/tools/x')).toBe('/mcp/tools')
    expect(await sentTo('/mcp/other')).toBe('/mcp')
    expect(await sentTo('/mcpx')).toBe('')
    expect(await sentTo('/a')).toBe('')
    expect(await read('/mcp')).toMatchObject({ resource: 'https://api.example.com/mcp' })
  })

  it('is nothing where only sessions are read', async () => {
    const { ask } = open({}, [signedIn], { session: true })
    const { answer } = await ask('GET https://api.example.com/')
    expect(headerOf(answer, 'www-authenticate')).toBe('Session realm="api"')
  })
})

describe('whose path it is', () => {
  it.each(['', '?a', '/', '/mcp', '/none'])('the gateway’s, where clients are told: %s', (path) => {
    expect(open({ corp }, [signedIn]).owns(path)).toBe(true)
  })

  it.each(['x', '-x/a', '.json'])('that of the rules, where it is another: %s', (path) => {
    expect(open({ corp }, [signedIn]).owns(path)).toBe(false)
  })

  it('that of an origin which takes tokens itself', async () => {
    const { owns, ask } = open({}, [{ path: '/*', access: 'public' }])
    expect(owns('')).toBe(false)
    expect((await ask(`GET https://api.example.com${wellKnown}`)).forwarded).toBe(true)
  })
})
