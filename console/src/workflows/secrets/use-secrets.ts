/** The account's secrets, for those who may see their names. */
import { useQuery } from '@connectrpc/connect-query';
import { WorkflowService } from '../../../../src/gen/automation/v1/workflow_service_pb.ts';
import { useMay } from '../../calls/permissions.ts';
import { useSettings } from '../../calls/settings.ts';

/** `enabled`: they are asked for. */
export function useSecrets(enabled: boolean): { names: readonly string[]; mayAdd: boolean } {
  const { listSecrets, setSecret } = WorkflowService.method;
  const mayList = useMay(listSecrets);
  const maySet = useMay(setSecret);
  const hasKey = useSettings()?.hasSecretsKey === true;
  const { data } = useQuery(listSecrets, {}, { enabled: enabled && mayList, staleTime: 60_000 });
  return { names: (data?.secrets ?? []).map(({ name }) => name), mayAdd: maySet && hasKey };
}
