/** The screens of the console, by path; each but the first is loaded when it is opened. */
import { lazy, Suspense, useEffect } from 'react';
import { Redirect, Route, Switch } from 'wouter';
import { AthleteList } from './athletes/athlete-list.tsx';
import { useCredential } from './calls/credential.ts';
import { followEvents } from './calls/live-events.ts';
import { Title } from './parts/title.tsx';
import { Shell } from './shell/shell.tsx';
import { SignIn } from './shell/sign-in.tsx';

const ApiPage = lazy(() => import('./api/api-page.tsx'));
const AthletePage = lazy(() => import('./athletes/athlete-page.tsx'));
const BuilderPage = lazy(() => import('./workflows/builder/builder-page.tsx'));
const EventsPage = lazy(() => import('./events/events-page.tsx'));
const OperationsPage = lazy(() => import('./operations/operations-page.tsx'));
const ProgramList = lazy(() => import('./programs/program-list.tsx'));
const ProgramPage = lazy(() => import('./programs/program-page.tsx'));
const SecretsPage = lazy(() => import('./workflows/secrets/secrets-page.tsx'));
const WorkflowList = lazy(() => import('./workflows/workflow-list.tsx'));
const WorkflowPage = lazy(() => import('./workflows/workflow-page.tsx'));

export function App() {
  const { token, isRefused } = useCredential();

  useEffect(() => {
    const stopped = new AbortController();
    if (!isRefused) {
      followEvents(stopped.signal, token);
    }
    return () => stopped.abort();
  }, [isRefused, token]);

  useEffect(() => {
    // The router announces each new page by this event; the way back restores the place by itself.
    const scrollUp = () => window.scrollTo(0, 0);
    window.addEventListener('pushState', scrollUp);
    return () => window.removeEventListener('pushState', scrollUp);
  }, []);

  return (
    <Shell>
      {isRefused ? (
        <SignIn />
      ) : (
        <Suspense fallback={<p className="quiet">Loading …</p>}>
          <Switch>
            <Route path="/athletes" component={AthleteList} />
            <Route path="/athletes/:userId">
              {({ userId }) => <AthletePage key={userId} userId={userId} />}
            </Route>
            <Route path="/programs" component={ProgramList} />
            <Route path="/programs/:programId">
              {({ programId }) => <ProgramPage key={programId} programId={programId} />}
            </Route>
            <Route path="/workflows" component={WorkflowList} />
            <Route path="/workflows/secrets" component={SecretsPage} />
            <Route path="/workflows/new">
              <BuilderPage />
            </Route>
            <Route path="/workflows/:workflowId/edit">
              {({ workflowId }) => <BuilderPage key={workflowId} workflowId={workflowId} />}
            </Route>
            <Route path="/workflows/:workflowId">
              {({ workflowId }) => <WorkflowPage key={workflowId} workflowId={workflowId} />}
            </Route>
            <Route path="/events" component={EventsPage} />
            <Route path="/operations" component={OperationsPage} />
            <Route path="/api/:service?/:method?">{(path) => <ApiPage {...path} />}</Route>
            <Route path="/">
              <Redirect to="/athletes" replace />
            </Route>
            <Route>
              <Title>No such page</Title>
              <h1>There is no such page</h1>
            </Route>
          </Switch>
        </Suspense>
      )}
    </Shell>
  );
}
