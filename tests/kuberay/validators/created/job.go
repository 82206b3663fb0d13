package main

import (
	"context"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	rayv1 "github.com/ray-project/kuberay/ray-operator/apis/ray/v1"
	"github.com/ray-project/kuberay/ray-operator/controllers/ray/common"
	"github.com/ray-project/kuberay/ray-operator/controllers/ray/utils"
)

// ofCronJob returns what the operator creates for a RayCronJob: a RayJob, as in raycronjob_controller.go, 155-170.
func ofCronJob(cronJob *rayv1.RayCronJob) ([]creation, error) {
	job := &rayv1.RayJob{Spec: *cronJob.Spec.JobTemplate.DeepCopy()}
	job.Name, job.Namespace = cronJob.Name+"-abcde", cronJob.Namespace
	return ofJob(job, "spec.jobTemplate")
}

// ofJob returns what the operator creates for a RayJob whose spec is at a path of the user's object.
func ofJob(job *rayv1.RayJob, at string) ([]creation, error) {
	job.Status.JobId = utils.GenerateRayJobId(job.Name)
	job.Status.DashboardURL = job.Name + "-head-svc." + job.Namespace + ".svc.cluster.local:8265"
	if job.Spec.SubmissionMode == "" {
		job.Spec.SubmissionMode = rayv1.K8sJobMode // the CRD's default
	}
	var all []creation
	cluster := &rayv1.RayCluster{}
	if job.Spec.RayClusterSpec != nil && len(job.Spec.ClusterSelector) == 0 {
		var err error
		if cluster, err = clusterOf(job); err != nil {
			return nil, err
		}
		all = ofCluster(cluster, at+".rayClusterSpec")
		service, err := common.BuildHeadServiceForRayJob(context.Background(), *job, *cluster)
		all = append(all, made(service, err, headServiceField(cluster, at+".rayClusterSpec")))
	}
	// Without a template the submitter has the image of the cluster's head, which may be that of another object.
	isKnown := job.Spec.SubmitterPodTemplate != nil || job.Spec.RayClusterSpec != nil
	if job.Spec.SubmissionMode == rayv1.K8sJobMode && isKnown {
		submitter, err := submitterJob(job, cluster)
		if err != nil {
			return nil, err
		}
		from := at + ".submitterPodTemplate"
		all = append(all, creation{From: from, Object: submitter}, creation{From: from, Object: podOf(submitter)})
	}
	return all, nil
}

// clusterOf builds the cluster of a RayJob as constructRayClusterForRayJob does in rayjob_controller.go, 969-1012.
func clusterOf(job *rayv1.RayJob) (*rayv1.RayCluster, error) {
	cluster := &rayv1.RayCluster{Spec: *job.Spec.RayClusterSpec.DeepCopy()}
	own(cluster, job.ObjectMeta, utils.RayJobCRD)
	if job.Spec.SubmissionMode == rayv1.SidecarMode {
		submitter := common.GetDefaultSubmitterContainer(&cluster.Spec)
		if err := configure(&submitter, job, cluster, rayv1.SidecarMode); err != nil {
			return nil, err
		}
		template := &cluster.Spec.HeadGroupSpec.Template.Spec
		template.Containers = append(template.Containers, submitter)
		template.RestartPolicy = corev1.RestartPolicyNever
	}
	return cluster, nil
}

// configure completes the container that submits, as configureSubmitterContainer does in rayjob_controller.go, 607-635.
func configure(container *corev1.Container, job *rayv1.RayJob, cluster *rayv1.RayCluster, mode rayv1.JobSubmissionMode) error {
	command, err := common.BuildJobSubmitCommand(job, mode)
	if err != nil {
		return err
	}
	if mode == rayv1.SidecarMode || len(container.Command) == 0 {
		container.Command = utils.GetContainerCommand([]string{"e"})
		container.Args = []string{strings.Join(command, " ")}
	}
	container.Env = append(container.Env,
		corev1.EnvVar{Name: "PYTHONUNBUFFERED", Value: "1"},
		corev1.EnvVar{Name: utils.RAY_DASHBOARD_ADDRESS, Value: job.Status.DashboardURL},
		corev1.EnvVar{Name: utils.RAY_JOB_SUBMISSION_ID, Value: job.Status.JobId},
	)
	if utils.IsAuthEnabled(&cluster.Spec) {
		common.SetContainerTokenAuthEnvVars(cluster.Name, container, cluster.Spec.AuthOptions)
	}
	return nil
}

// submitterJob builds the Job that submits a RayJob, as getSubmitterTemplate and createNewK8sJob do in
// rayjob_controller.go, 580-593 and 689-713.
func submitterJob(job *rayv1.RayJob, cluster *rayv1.RayCluster) (*batchv1.Job, error) {
	template := common.GetSubmitterTemplate(&job.Spec, &cluster.Spec)
	if err := configure(&template.Spec.Containers[utils.RayContainerIndex], job, cluster, rayv1.K8sJobMode); err != nil {
		return nil, err
	}
	if utils.IsK8sAuthEnabled(cluster.Spec.AuthOptions) {
		common.AddRayTokenVolume(&template.Spec)
	}
	backoffLimit := int32(2)
	if options := job.Spec.SubmitterConfig; options != nil && options.BackoffLimit != nil {
		backoffLimit = *options.BackoffLimit
	}
	return &batchv1.Job{
		TypeMeta: metav1.TypeMeta{APIVersion: "batch/v1", Kind: "Job"},
		ObjectMeta: metav1.ObjectMeta{
			Name:      job.Name,
			Namespace: job.Namespace,
			Labels: map[string]string{
				utils.RayOriginatedFromCRNameLabelKey: job.Name,
				utils.RayOriginatedFromCRDLabelKey:    utils.RayOriginatedFromCRDLabelValue(utils.RayJobCRD),
				utils.KubernetesCreatedByLabelKey:     utils.ComponentName,
			},
		},
		Spec: batchv1.JobSpec{BackoffLimit: &backoffLimit, Template: template},
	}, nil
}

// podOf builds a Pod that Kubernetes' Job controller creates for a Job: the template, with a name of the controller. The
// labels that the API server adds to the template are left out.
func podOf(job *batchv1.Job) *corev1.Pod {
	pod := &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: *job.Spec.Template.ObjectMeta.DeepCopy(),
		Spec:       *job.Spec.Template.Spec.DeepCopy(),
	}
	pod.Name, pod.GenerateName, pod.Namespace = "", job.Name+"-", job.Namespace
	return pod
}
