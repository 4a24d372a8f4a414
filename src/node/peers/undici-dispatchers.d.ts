// The parts of undici that a node needs. Loading all of it (fetch, WebSocket, caches) takes four
// times as long, which every node would pay at its start.

declare module 'undici/lib/dispatcher/client.js' {
  import { Client } from 'undici';
  export default Client;
}

declare module 'undici/lib/dispatcher/pool.js' {
  import { Pool } from 'undici';
  export default Pool;
}
