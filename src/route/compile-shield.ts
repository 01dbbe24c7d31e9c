/** Turns the shield's part of the schema into what the shield reads on each request. */

import { reportingEndpoints, writePolicy } from '../shield/csp.ts'
import { presets } from '../shield/presets.ts'
import type { CspConfig } from './schema-csp.ts'
import type { ShieldConfig } from './schema-shield.ts'
import type { Csrf, HeaderTable, NoncePolicy, Shield } from './shield.ts'
import { originSet } from './web-origin.ts'

/** Prepares, at start, what the shield reads on every request. */
export function compileShield(config: ShieldConfig): Shield {
  return {
    cors: corsOf(config.cors),
    csrf: csrfOf(config.csrf),
    headers: headersOf(config.headers ?? 'legacy'),
    mode: config.mode ?? 'enforce',
  }
}

function corsOf(config: ShieldConfig['cors']): Shield['cors'] {
  if (!config || config === 'none') return null
  if (config === 'upstream') return config
  const shared: [string, string][] = []
  if (config.credentials) shared.push(['access-control-allow-credentials', 'true'])
  if (config.expose) shared.push(['access-control-expose-headers', config.expose.join(', ')])
  return {
    origins: config.origins === '*' ? '*' : originSet(config.origins),
    credentials: config.credentials ?? false,
    methods: config.methods ? new Set(config.methods) : null,
    headers: new Set(config.headers?.map((name) => name.toLowerCase())),
    privateNetwork: config.privateNetwork ?? false,
    shared,
    granted: [['access-control-max-age', String(config.maxAgeSeconds ?? 600)]],
  }
}

function csrfOf(config: ShieldConfig['csrf']): Csrf {
  const { origins = [], siblings = false, token = false } = config === 'exempt' ? {} : (config ?? {})
  return { exempt: config === 'exempt', origins: originSet(origins), siblings, token }
}

function headersOf(config: NonNullable<ShieldConfig['headers']>): HeaderTable {
  const table = typeof config === 'string' ? { preset: config } : config
  const preset = table.preset ? presets[table.preset] : { set: {}, setIfAbsent: {}, remove: [] }
  const policy = table.csp ? policyOf(table.csp) : noPolicy
  const own = {
    set: { ...policy.set, ...lowered(table.set) },
    setIfAbsent: { ...policy.setIfAbsent, ...lowered(table.setIfAbsent) },
    remove: [...policy.remove, ...(table.remove ?? []).map((name) => name.toLowerCase())],
  }
  const named = new Set([...Object.keys(own.set), ...Object.keys(own.setIfAbsent), ...own.remove])
  // what the operator names by hand is no longer the preset's business
  const others = (entries: Readonly<Record<string, string>>) =>
    Object.entries(entries).filter(([name]) => !named.has(name))
  const set = [...others(preset.set), ...Object.entries(own.set)]
  return {
    set,
    setIfAbsent: [...others(preset.setIfAbsent), ...Object.entries(own.setIfAbsent)],
    drop: new Set([...preset.remove.filter((name) => !named.has(name)), ...own.remove, ...set.map(([name]) => name)]),
    nonce: policy.nonce,
    reports: table.csp?.reports ?? false,
  }
}

interface PolicyHeaders {
  readonly set: Readonly<Record<string, string>>
  readonly setIfAbsent: Readonly<Record<string, string>>
  readonly remove: readonly string[]
  readonly nonce: NoncePolicy | null
}

const noPolicy: PolicyHeaders = { set: {}, setIfAbsent: {}, remove: [], nonce: null }

function policyOf(config: CspConfig): PolicyHeaders {
  const { reportOnly = false, ifAbsent = false, nonce = false, reports = false, directives } = config
  const { name, value, aroundNonce } = writePolicy({ directives, reportOnly, nonce, reports })
  const frames = reportOnly || ifAbsent ? null : framing(directives['frame-ancestors'])
  const always = {
    ...(frames && { 'x-frame-options': frames }),
    ...(reports && Object.fromEntries([reportingEndpoints])),
  }
  return {
    set: ifAbsent || aroundNonce ? always : { ...always, [name]: value },
    setIfAbsent: ifAbsent ? { [name]: value } : {},
    remove: [...(frames === '' ? ['x-frame-options'] : []), ...(aroundNonce ? [name] : [])],
    nonce: aroundNonce && { name, around: aroundNonce, plain: value },
  }
}

/** `X-Frame-Options` for browsers that know no `frame-ancestors`: it mustn't contradict; empty where it can't agree. */
function framing(ancestors: readonly string[] | undefined): string | null {
  if (!ancestors) return null
  if (ancestors.length > 1) return ''
  return ancestors[0] === "'none'" ? 'DENY' : ancestors[0] === "'self'" ? 'SAMEORIGIN' : ''
}

const lowered = (entries: Readonly<Record<string, string>> = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(entries).map(([name, value]) => [name.toLowerCase(), value]))
