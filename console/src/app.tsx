/** The screens of the console, by path; each but the first is loaded when it is opened. */
import { lazy, Suspense, useEffect } from 'react';
import { Redirect, Route, Switch, useLocation } from 'wouter';
import { AthleteList } from './athletes/athlete-list.tsx';
import { useCredential } from './calls/credential.ts';
import { followEvents } from './calls/live-events.ts';
import { Shell } from './shell/shell.tsx';
import { SignIn } from './shell/sign-in.tsx';

const AthletePage = lazy(() => import('./athletes/athlete-page.tsx'));

export function App() {
  const { token, isRefused } = useCredential();
  const [location] = useLocation();

  useEffect(() => {
    const stopped = new AbortController();
    if (!isRefused) {
      followEvents(stopped.signal, token);
    }
    return () => stopped.abort();
  }, [isRefused, token]);

  return (
    <Shell>
      {isRefused ? (
        <SignIn />
      ) : (
        <Suspense key={location} fallback={<p className="quiet">Loading …</p>}>
          <Switch>
            <Route path="/athletes" component={AthleteList} />
            <Route path="/athletes/:userId">
              {({ userId }) => <AthletePage key={userId} userId={userId} />}
            </Route>
            <Route path="/">
              <Redirect to="/athletes" replace />
            </Route>
            <Route>
              <h1>There is no such page</h1>
            </Route>
          </Switch>
        </Suspense>
      )}
    </Shell>
  );
}
