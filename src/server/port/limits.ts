/** The limits of server/port/. Connections, and what one of them may do. */
export const PORT_LIMITS = {
  /** Connections to the port, of all callers together; the next one is closed at once. */
  connections: 5_000,
  /** Connections of one address; the next one is closed at once. */
  connectionsPerPeer: 1_000,
  /** A request's headers. */
  headerBytes: 8 * 1024,
  /** HTTP/2 streams of a connection at the same time. */
  streamsPerConnection: 100,
  /** HTTP/2 streams that one connection may reset at once before it is cut off. */
  streamResetBurst: 100,
  /** Resets per second after that. */
  streamResetsPerSecond: 10,
  /** How long a new connection may take to say which HTTP it speaks; with TLS, also to shake hands. */
  firstBytesMs: 10_000,
  /** How long an HTTP/1.1 connection may then take to send a request's headers. */
  requestHeadersMs: 10_000,
  /** How long an HTTP/1.1 connection is kept without a request. */
  idleConnectionMs: 65_000,
  /** How old a connection becomes, give or take a tenth; it then takes no further calls. 0: as old as it likes. */
  connectionAgeMs: 300_000,
  /** How long the calls of an HTTP/2 connection may go on after that. */
  connectionAgeGraceMs: 30_000,
  /** How often the peer of an HTTP/2 connection is pinged. 0: never. */
  pingIntervalMs: 60_000,
  /** How long it may take to answer. */
  pingTimeoutMs: 10_000,
  /** How long a browser need not ask again whether a page may call; Chromium asks after 2 h at the latest. */
  preflightCacheMs: 7_200_000,
  /** How long an answer waits for a caller that reads nothing of it. */
  unreadAnswerMs: 10_000,
  /** Bytes of large answers that their callers have not read, of all callers. */
  unreadAnswerBytes: 32 * 1024 * 1024,
  /** How often the files of the certificate are looked at. */
  tlsReloadMs: 1_000,
};
