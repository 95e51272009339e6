{{/*
The template of a pod. Takes a dict: root, the chart's scope; component, `server` or `worker`; workers, whether the
process evaluates events and runs workflows, as the text `on` or `off`; resources.
*/}}
{{- define "progression-service.pod" -}}
{{- $root := .root -}}
metadata:
  labels:
    {{- include "progression-service.selector" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
  annotations:
    # Pods are replaced when their configuration changes.
    checksum/config: {{ include (print $root.Template.BasePath "/configmap.yaml") $root | sha256sum }}
    checksum/principals: {{ include (print $root.Template.BasePath "/principals.yaml") $root | sha256sum }}
    {{- if $root.Values.podAnnotations }}
    {{- toYaml $root.Values.podAnnotations | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ $root.Release.Name }}
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: {{ $root.Values.terminationGracePeriodSeconds }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 1000
    runAsGroup: 1000
    # So that the process can read mounted Secrets.
    fsGroup: 1000
    seccompProfile:
      type: RuntimeDefault
  imagePullSecrets: {{- toYaml $root.Values.imagePullSecrets | nindent 4 }}
  {{- if $root.Values.topologySpreadConstraints }}
  topologySpreadConstraints: {{- toYaml $root.Values.topologySpreadConstraints | nindent 4 }}
  {{- else }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "progression-service.selector" $root | nindent 10 }}
          app.kubernetes.io/component: {{ .component }}
  {{- end }}
  nodeSelector: {{- toYaml $root.Values.nodeSelector | nindent 4 }}
  tolerations: {{- toYaml $root.Values.tolerations | nindent 4 }}
  affinity: {{- toYaml $root.Values.affinity | nindent 4 }}
  volumes:
    - name: tmp
      emptyDir: {}
    {{- if $root.Values.tls.secretName }}
    - name: tls
      secret:
        secretName: {{ $root.Values.tls.secretName }}
        # 0440.
        defaultMode: 288
    {{- end }}
    {{- if $root.Values.auth.principals }}
    - name: principals
      configMap:
        name: {{ $root.Release.Name }}-principals
    {{- end }}
  initContainers:
    - name: migrate
      image: {{ include "progression-service.image" $root | quote }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      command: [node, src/main.ts, migrate, up]
      env:
        - name: DATABASE_URL
          valueFrom:
            secretKeyRef:
              name: {{ $root.Values.database.secretName }}
              key: {{ $root.Values.database.migrationUrlKey }}
      securityContext: {{- include "progression-service.containerSecurity" $root | nindent 8 }}
      resources: {{- toYaml .resources | nindent 8 }}
      volumeMounts:
        - name: tmp
          mountPath: /tmp
  containers:
    - name: service
      image: {{ include "progression-service.image" $root | quote }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      envFrom:
        - configMapRef:
            name: {{ $root.Release.Name }}
      env:
        - name: DATABASE_URL
          valueFrom:
            secretKeyRef:
              name: {{ $root.Values.database.secretName }}
              key: {{ $root.Values.database.urlKey }}
        {{- if ne .component "worker" }}
        {{- if $root.Values.database.readUrlKey }}
        - name: READ_DATABASE_URL
          valueFrom:
            secretKeyRef:
              name: {{ $root.Values.database.secretName }}
              key: {{ $root.Values.database.readUrlKey }}
        {{- end }}
        {{- end }}
        - name: AUTOMATION_WORKERS
          value: {{ .workers | quote }}
        {{- if $root.Values.redis.secretName }}
        - name: REDIS_URL
          valueFrom:
            secretKeyRef:
              name: {{ $root.Values.redis.secretName }}
              key: {{ $root.Values.redis.urlKey }}
        {{- end }}
        {{- if $root.Values.extraEnv }}
        {{- toYaml $root.Values.extraEnv | nindent 8 }}
        {{- end }}
      ports:
        - name: grpc
          containerPort: {{ $root.Values.service.port }}
        - name: metrics
          containerPort: {{ $root.Values.metrics.port }}
      {{- if $root.Values.tls.secretName }}
      # The kubelet's gRPC probes speak clear text only.
      startupProbe:
        exec:
          command: [node, src/main.ts, health]
        periodSeconds: 5
        timeoutSeconds: 5
        failureThreshold: 12
      readinessProbe:
        exec:
          command: [node, src/main.ts, health]
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 1
      livenessProbe:
        tcpSocket:
          port: grpc
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 3
      {{- else }}
      startupProbe:
        grpc:
          port: {{ $root.Values.service.port }}
        periodSeconds: 1
        failureThreshold: 60
      readinessProbe:
        grpc:
          port: {{ $root.Values.service.port }}
        periodSeconds: 2
        timeoutSeconds: 2
        failureThreshold: 1
      livenessProbe:
        grpc:
          port: {{ $root.Values.service.port }}
          service: liveness
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 3
      {{- end }}
      securityContext: {{- include "progression-service.containerSecurity" $root | nindent 8 }}
      resources: {{- toYaml .resources | nindent 8 }}
      volumeMounts:
        - name: tmp
          mountPath: /tmp
        {{- if $root.Values.tls.secretName }}
        - name: tls
          mountPath: /etc/progression/tls
          readOnly: true
        {{- end }}
        {{- if $root.Values.auth.principals }}
        - name: principals
          mountPath: /etc/progression/principals
          readOnly: true
        {{- end }}
{{- end }}
