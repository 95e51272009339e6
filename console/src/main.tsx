/** The page's start. */
import './styles/base.css';
import './styles/layout.css';
import './styles/parts.css';
import { TransportProvider } from '@connectrpc/connect-query';
import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Router } from 'wouter';
import { App } from './app.tsx';
import { queryClient, transport } from './calls/transport.ts';
import { returnFromIssuer } from './shell/return-from-issuer.ts';

const root = document.getElementById('root');
if (root) {
  await returnFromIssuer();
  createRoot(root).render(
    <StrictMode>
      <TransportProvider transport={transport}>
        <QueryClientProvider client={queryClient}>
          <Router base="/console">
            <App />
          </Router>
        </QueryClientProvider>
      </TransportProvider>
    </StrictMode>,
  );
}
