/** What stands around every screen: the way to the others, and whether the server answers. */
import type { ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { signOut, useCredential } from '../calls/credential.ts';
import { type LiveState, useLiveState } from '../calls/live-events.ts';

const SCREENS = [
  { path: '/athletes', name: 'Athletes' },
  { path: '/programs', name: 'Programs' },
  { path: '/workflows', name: 'Workflows' },
  { path: '/events', name: 'Events' },
  { path: '/operations', name: 'Operations' },
  { path: '/api', name: 'API' },
] as const;

export function Shell({ children }: { children: ReactNode }) {
  const [location] = useLocation();
  const { token } = useCredential();
  const live = useLiveState();
  return (
    <div className="shell">
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header className="rail">
        <Link href="/athletes" className="brand">
          <img src={`${import.meta.env.BASE_URL}icon.svg`} alt="" width="24" height="24" />
          Progression
        </Link>
        <nav aria-label="Screens">
          {SCREENS.map(({ path, name }) => (
            <Link key={path} href={path} aria-current={location.startsWith(path) ? 'page' : undefined}>
              {name}
            </Link>
          ))}
        </nav>
        <div className="rail-foot">
          <LiveSign live={live} />
          {token !== '' && (
            <button type="button" className="link" onClick={signOut}>
              Sign out
            </button>
          )}
        </div>
      </header>
      <main id="content" tabIndex={-1}>
        {live === 'lost' && (
          <p className="banner" role="alert">
            The server does not answer. What is shown may be old; trying again …
          </p>
        )}
        {children}
      </main>
    </div>
  );
}

const LIVE_WORDS: Readonly<Record<LiveState, string>> = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'No connection',
  polling: 'Refreshing every 5 s',
};

function LiveSign({ live }: { live: LiveState }) {
  return (
    <span className={`live live-${live}`} role="status">
      {LIVE_WORDS[live]}
    </span>
  );
}
