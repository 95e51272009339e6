/** How many connections stand, of everybody and of each address: more than that are not served. */
import type { Socket } from 'node:net';
import type { Limits } from '../config.ts';

export interface ConnectionPlaces {
  /** Whether there is a place for a new connection; it is kept until the connection closes. */
  take(socket: Pick<Socket, 'remoteAddress' | 'once'>): boolean;
}

export function createConnectionPlaces({
  connections,
  connectionsPerPeer,
}: Pick<Limits, 'connections' | 'connectionsPerPeer'>): ConnectionPlaces {
  const takenOf = new Map<string, number>();
  let taken = 0;

  function give(address: string): void {
    taken -= 1;
    const rest = (takenOf.get(address) ?? 0) - 1;
    if (rest > 0) {
      takenOf.set(address, rest);
    } else {
      takenOf.delete(address);
    }
  }
  return {
    take(socket) {
      // Unknown once the peer has left again.
      const address = socket.remoteAddress ?? '';
      const takenByPeer = takenOf.get(address) ?? 0;
      if (taken >= connections || takenByPeer >= connectionsPerPeer) {
        return false;
      }
      taken += 1;
      takenOf.set(address, takenByPeer + 1);
      socket.once('close', () => give(address));
      return true;
    },
  };
}
