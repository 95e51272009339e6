/** Takes a program of the built-in catalogue into the account. */
import { useQuery } from '@connectrpc/connect-query';
import { useId, useState } from 'react';
import { ProgramService, WeightUnitSchema } from '../../../src/gen/progression/v1/program_service_pb.ts';
import { ActionDialog, under } from '../actions/action-dialog.tsx';
import { programs } from '../calls/clients.ts';
import { enumWords, plural, sentenceCase } from '../words/formats.ts';

export function CopyProgram({ onClose }: { onClose: () => void }) {
  const id = useId();
  const catalog = useQuery(ProgramService.method.listCatalogPrograms, {}, { staleTime: 600_000 });
  const [catalogSlug, setCatalogSlug] = useState('');
  const [slug, setSlug] = useState('');
  const [name, setName] = useState('');
  const original = catalog.data?.programs.find((program) => program.slug === catalogSlug);
  return (
    <ActionDialog
      title="Copy a program from the catalogue"
      input={`${catalogSlug} ${slug} ${name}`}
      onClose={onClose}
      preview={async () =>
        original && (
          <>
            <p>{original.description}</p>
            <p className="quiet">
              {plural(original.weeksPerCycle, 'week')} a cycle, {plural(original.sessionsPerWeek, 'session')}{' '}
              a week, {enumWords(WeightUnitSchema, original.unit).toLowerCase()};{' '}
              {original.liftSlugs.map(sentenceCase).join(', ')}
            </p>
            <p className="quiet">Lifts and rules that the account does not have come with it.</p>
          </>
        )
      }
      confirm={(requestId) =>
        programs.copyProgram(
          { from: { case: 'catalogSlug', value: catalogSlug }, slug, name },
          under(requestId),
        )
      }
    >
      <div>
        <label htmlFor={id}>Program of the catalogue</label>
        <select
          id={id}
          required
          value={catalogSlug}
          onChange={({ target }) => {
            setCatalogSlug(target.value);
            setSlug(target.value === '' ? '' : `${target.value}-copy`);
          }}
        >
          <option value="">Choose one</option>
          {catalog.data?.programs.map((program) => (
            <option key={program.slug} value={program.slug}>
              {program.name}
            </option>
          ))}
        </select>
      </div>
      <label>
        Slug of the copy
        <input
          type="text"
          pattern="[a-z0-9]+(-[a-z0-9]+)*"
          title="Lower-case letters, digits and hyphens"
          required
          value={slug}
          onChange={({ target }) => setSlug(target.value)}
        />
      </label>
      <label>
        Name; empty: that of the original
        <input type="text" maxLength={200} value={name} onChange={({ target }) => setName(target.value)} />
      </label>
    </ActionDialog>
  );
}
