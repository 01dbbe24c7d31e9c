import { createMemoryStore } from '../../../src/session/stores/memory.ts'
import { storeContract } from './contract.ts'

storeContract('memory', () => createMemoryStore(() => Date.now() / 1000))
