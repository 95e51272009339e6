/** Every method of the API: its documentation, a form, the answer, and the same call for a shell. */
import type { DescMethod } from '@bufbuild/protobuf';
import './api.css';
import comments from 'virtual:proto-comments';
import { useState } from 'react';
import { Link } from 'wouter';
import { Title } from '../parts/title.tsx';
import { MethodCall } from './method-call.tsx';
import { findMethod, SERVICES } from './services.ts';

export default function ApiPage({ service, method }: { service?: string; method?: string }) {
  const found = service && method ? findMethod(service, method) : undefined;
  const [typed, setTyped] = useState('');
  const wanted = typed.trim().toLowerCase();
  return (
    <>
      <Title>{found?.name ?? 'API'}</Title>
      <header className="heading">
        <h1>API</h1>
        <label className="search">
          <span className="unseen">Search methods</span>
          <input
            type="search"
            placeholder="Search methods"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        </label>
      </header>
      <div className="api">
        <nav aria-label="Methods" className="methods panel">
          {SERVICES.map(({ typeName, name, methods }) => {
            const shown = methods.filter((each) => each.name.toLowerCase().includes(wanted));
            return (
              shown.length > 0 && (
                <details key={typeName} open={wanted !== '' || service === typeName}>
                  <summary title={typeName}>{name}</summary>
                  <ul>
                    {shown.map((each) => (
                      <li key={each.name}>
                        <Link
                          href={`/api/${typeName}/${each.name}`}
                          aria-current={each === found ? 'page' : undefined}
                        >
                          {each.name}
                        </Link>
                      </li>
                    ))}
                  </ul>
                </details>
              )
            );
          })}
        </nav>
        {found ? (
          <MethodDetail key={`${service}/${method}`} method={found} />
        ) : (
          <p className="panel quiet">
            Choose a method. Each has a form with its documentation, and shows the call as grpcurl and curl
            commands.
          </p>
        )}
      </div>
    </>
  );
}

function MethodDetail({ method }: { method: DescMethod }) {
  const comment = comments[`${method.parent.typeName}.${method.name}`];
  return (
    <section className="panel" aria-labelledby="method-name">
      <h2 id="method-name">
        <span className="quiet">{method.parent.typeName}/</span>
        {method.name}
      </h2>
      {comment?.split('\n').map((paragraph) => (
        <p key={paragraph} className="documentation">
          {paragraph}
        </p>
      ))}
      <MethodCall method={method} />
    </section>
  );
}
