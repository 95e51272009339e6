/** The handlers of ProgramService: each checks the request, runs its use case and builds the response. */
import type { ServiceImpl } from '@connectrpc/connect';
import { createCalls, type ServiceDeps } from '../calls/calls.ts';
import { ProgramService } from '../gen/progression/v1/program_service_pb.ts';
import { CATALOG_PROGRAMS } from './canonical/catalog.ts';
import {
  deleteEnrollmentOverride,
  enrollmentOverrideMessage,
  listEnrollmentOverrides,
  readOverride,
  setEnrollmentOverride,
} from './enrollment-overrides.ts';
import { enrollUser, getEnrollment, unenrollUser } from './enrollments.ts';
import { createLift, deleteLift, getLift, listLifts, updateLift } from './lifts.ts';
import { listEnrollments } from './list-enrollments.ts';
import {
  catalogProgramMessage,
  enrollmentMessage,
  liftMessage,
  programMessage,
  programProgressionMessage,
  progressionMessage,
} from './messages.ts';
import { copyProgram } from './programs/copy-program.ts';
import { createProgram } from './programs/create-program.ts';
import { createProgramProgression } from './programs/create-program-progression.ts';
import {
  deleteProgramProgression,
  getProgramProgression,
  listProgramProgressions,
  readOverrideIncrement,
  updateProgramProgression,
} from './programs/program-progressions.ts';
import { deleteProgram, getProgram, listPrograms } from './programs/programs.ts';
import { updateProgram } from './programs/update-program.ts';
import { parametersToStored } from './rules/progression-parameters.ts';
import {
  createProgression,
  deleteProgression,
  getProgression,
  listProgressions,
  updateProgression,
} from './rules/progressions.ts';

/** program_service.proto has the contract of each method. */
export function createProgramService(deps: ServiceDeps): ServiceImpl<typeof ProgramService> {
  const { read, write } = createCalls(deps);
  const { method } = ProgramService;
  const { defaultPageSize } = deps.config.limits;
  return {
    createLift: (request, context) =>
      write(method.createLift, request, context, async (change) => ({
        lift: liftMessage(await createLift(change, request)),
      })),
    getLift: (request, context) =>
      read(context, async (tx) => ({ lift: liftMessage(await getLift(tx, request.liftId)) })),
    listLifts: (request, context) =>
      read(context, async (tx) => {
        const { rows, ...page } = await listLifts(tx, request, defaultPageSize);
        return { lifts: rows.map(liftMessage), ...page };
      }),
    updateLift: (request, context) =>
      write(method.updateLift, request, context, async (change) => ({
        lift: liftMessage(await updateLift(change, request)),
      })),
    deleteLift: (request, context) =>
      write(method.deleteLift, request, context, async (change) => {
        await deleteLift(change, request.liftId);
        return {};
      }),

    async createProgression(request, context) {
      const rule = parametersToStored(request.parameters);
      return write(method.createProgression, request, context, async (change) => ({
        progression: progressionMessage(await createProgression(change, request.name, rule)),
      }));
    },
    getProgression: (request, context) =>
      read(context, async (tx) => ({
        progression: progressionMessage(await getProgression(tx, request.progressionId)),
      })),
    listProgressions: (request, context) =>
      read(context, async (tx) => {
        const { rows, ...page } = await listProgressions(tx, request, defaultPageSize);
        return { progressions: rows.map(progressionMessage), ...page };
      }),
    async updateProgression(request, context) {
      const rule = request.parameters && parametersToStored(request.parameters);
      const { progressionId, name } = request;
      return write(method.updateProgression, request, context, async (change) => ({
        progression: progressionMessage(await updateProgression(change, { progressionId, name, rule })),
      }));
    },
    deleteProgression: (request, context) =>
      write(method.deleteProgression, request, context, async (change) => {
        await deleteProgression(change, request.progressionId);
        return {};
      }),

    createProgram: (request, context) =>
      write(method.createProgram, request, context, async (change) => ({
        program: programMessage(await createProgram(change, request)),
      })),
    getProgram: (request, context) =>
      read(context, async (tx) => ({ program: programMessage(await getProgram(tx, request.programId)) })),
    listPrograms: (request, context) =>
      read(context, async (tx) => {
        const { rows, ...page } = await listPrograms(tx, request, defaultPageSize);
        return { programs: rows.map(programMessage), ...page };
      }),
    updateProgram: (request, context) =>
      write(method.updateProgram, request, context, async (change) => ({
        program: programMessage(await updateProgram(change, request)),
      })),
    deleteProgram: (request, context) =>
      write(method.deleteProgram, request, context, async (change) => {
        await deleteProgram(change, request.programId);
        return {};
      }),
    copyProgram: (request, context) =>
      write(method.copyProgram, request, context, async (change) => {
        const copy = await copyProgram(change, request);
        return {
          program: programMessage(copy),
          programProgressions: copy.rows.map(programProgressionMessage),
        };
      }),
    listCatalogPrograms: () => ({ programs: CATALOG_PROGRAMS.map(catalogProgramMessage) }),

    async createProgramProgression(request, context) {
      const override = readOverrideIncrement(request.overrideIncrement);
      return write(method.createProgramProgression, request, context, async (change) => ({
        programProgression: programProgressionMessage(
          await createProgramProgression(change, request, override),
        ),
      }));
    },
    getProgramProgression: (request, context) =>
      read(context, async (tx) => ({
        programProgression: programProgressionMessage(
          await getProgramProgression(tx, request.programProgressionId),
        ),
      })),
    listProgramProgressions: (request, context) =>
      read(context, async (tx) => {
        const { rows, ...page } = await listProgramProgressions(tx, request, defaultPageSize);
        return { programProgressions: rows.map(programProgressionMessage), ...page };
      }),
    async updateProgramProgression(request, context) {
      const text = request.overrideIncrement;
      const override = text === undefined ? undefined : readOverrideIncrement(text);
      return write(method.updateProgramProgression, request, context, async (change) => ({
        programProgression: programProgressionMessage(
          await updateProgramProgression(change, request, override),
        ),
      }));
    },
    deleteProgramProgression: (request, context) =>
      write(method.deleteProgramProgression, request, context, async (change) => {
        await deleteProgramProgression(change, request.programProgressionId);
        return {};
      }),

    enrollUser: (request, context) =>
      write(method.enrollUser, request, context, async (change) => ({
        enrollment: enrollmentMessage(await enrollUser(change, request)),
      })),
    unenrollUser: (request, context) =>
      write(method.unenrollUser, request, context, async (change) => ({
        enrollment: enrollmentMessage(await unenrollUser(change, request)),
      })),
    getEnrollment: (request, context) =>
      read(context, async (tx) => ({
        enrollment: enrollmentMessage(await getEnrollment(tx, request.userId)),
      })),
    listEnrollments: (request, context) =>
      read(context, async (tx) => {
        const { rows, ...page } = await listEnrollments(tx, request, defaultPageSize);
        return { enrollments: rows.map(enrollmentMessage), ...page };
      }),
    async setEnrollmentOverride(request, context) {
      const figures = readOverride(request);
      return write(method.setEnrollmentOverride, request, context, async (change) => ({
        enrollmentOverride: enrollmentOverrideMessage(await setEnrollmentOverride(change, request, figures)),
      }));
    },
    listEnrollmentOverrides: (request, context) =>
      read(context, async (tx) => {
        const { rows, ...page } = await listEnrollmentOverrides(tx, request, defaultPageSize);
        return { enrollmentOverrides: rows.map(enrollmentOverrideMessage), ...page };
      }),
    deleteEnrollmentOverride: (request, context) =>
      write(method.deleteEnrollmentOverride, request, context, async (change) => {
        await deleteEnrollmentOverride(change, request);
        return {};
      }),
  };
}
