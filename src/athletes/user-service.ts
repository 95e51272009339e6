/** The handlers of UserService: each checks the request, runs its use case and builds the response. */

import type { ServiceImpl } from '@connectrpc/connect';
import { createCalls, type ServiceDeps } from '../calls/calls.ts';
import { deleteEquipment, equipmentMessage, getEquipment } from '../catalog/equipment/equipment.ts';
import { readEquipment, setEquipment } from '../catalog/equipment/set-equipment.ts';
import { userMessage } from '../catalog/messages.ts';
import { UserService } from '../gen/progression/v1/user_service_pb.ts';
import { getUsage } from '../retention/get-usage.ts';
import { getUser } from '../store/lock-user.ts';
import { accountMessage, getAccount, updateAccount } from './account.ts';
import { checkProfile } from './athlete-profile.ts';
import { createUser } from './create-user.ts';
import { deleteUser, restoreUser } from './delete-user.ts';
import { type AthleteHistory, eraseUser } from './erase-user.ts';
import { exportUserData } from './export-user-data.ts';
import { updateUser } from './update-user.ts';
import { listUsers } from './users.ts';

export interface UserServiceDeps extends ServiceDeps {
  readonly history: AthleteHistory;
}

/** user_service.proto has the contract of each method. */
export function createUserService(deps: UserServiceDeps): ServiceImpl<typeof UserService> {
  const { read, write } = createCalls(deps);
  const { method } = UserService;
  const { limits } = deps.config;
  const { defaultPageSize } = limits;
  return {
    getAccount: (_, context) =>
      read(context, async (tx) => ({ account: accountMessage(tx.accountId, await getAccount(tx)) })),
    getUsage: (_, context) => read(context, async (tx) => ({ usage: await getUsage(tx, limits) })),
    updateAccount: (request, context) =>
      write(method.updateAccount, request, context, async (change) => ({
        account: accountMessage(change.tx.accountId, await updateAccount(change, request)),
      })),
    async setEquipment(request, context) {
      const equipment = readEquipment(request, limits);
      return write(method.setEquipment, request, context, async (change) => ({
        equipment: equipmentMessage(await setEquipment(change, request, equipment)),
      }));
    },
    getEquipment: (request, context) => read(context, (tx) => getEquipment(tx, request)),
    deleteEquipment: (request, context) =>
      write(method.deleteEquipment, request, context, async (change) => {
        await deleteEquipment(change, request);
        return {};
      }),
    async createUser(request, context) {
      checkProfile(request, deps.clock(), limits);
      return write(method.createUser, request, context, async (change) => ({
        user: userMessage(await createUser(change, request, limits)),
      }));
    },
    getUser: (request, context) =>
      read(context, async (tx) => ({ user: userMessage(await getUser(tx, request.userId)) })),
    listUsers: (request, context) =>
      read(context, async (tx) => {
        const { rows, ...page } = await listUsers(tx, request, defaultPageSize);
        return { users: rows.map(userMessage), ...page };
      }),
    async updateUser(request, context) {
      checkProfile(request, deps.clock(), limits);
      return write(method.updateUser, request, context, async (change) => ({
        user: userMessage(await updateUser(change, request, limits)),
      }));
    },
    deleteUser: (request, context) =>
      write(method.deleteUser, request, context, async (change) => {
        await deleteUser(change, request.userId);
        return {};
      }),
    restoreUser: (request, context) =>
      write(method.restoreUser, request, context, async (change) => ({
        user: userMessage(await restoreUser(change, request.userId)),
      })),
    exportUserData: (request, context) => read(context, (tx) => exportUserData(tx, request, defaultPageSize)),
    eraseUser: (request, context) =>
      write(method.eraseUser, request, context, async (change) => {
        await eraseUser(change, request, deps.history);
        return {};
      }),
  };
}
