// Peer is KubeRay's own checks as the webhook that a Go programmer would write with them: on controller-runtime's webhook
// server, over TLS, without a cluster. `benches/compare` runs it beside rayguard.
//
//	peer HOST PORT CERTIFICATE KEY
package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"strconv"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	rayv1 "github.com/ray-project/kuberay/ray-operator/apis/ray/v1"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) != 4 {
		return fmt.Errorf("say where to listen and by which certificate: peer HOST PORT CERTIFICATE KEY")
	}
	port, err := strconv.Atoi(arguments[1])
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(arguments[2], arguments[3])
	if err != nil {
		return err
	}
	ctrl.SetLogger(logr.Discard()) // rayguard is asked to log no reviews either
	scheme := runtime.NewScheme()
	if err := rayv1.AddToScheme(scheme); err != nil {
		return err
	}
	server := webhook.NewServer(webhook.Options{
		Host: arguments[0],
		Port: port,
		TLSOpts: []func(*tls.Config){func(config *tls.Config) {
			config.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &pair, nil }
		}},
	})
	// The paths are those that controller-runtime gives webhooks of these kinds.
	for kind, object := range map[string]runtime.Object{"raycluster": &rayv1.RayCluster{}, "rayservice": &rayv1.RayService{}} {
		server.Register("/validate-ray-io-v1-"+kind, admission.WithCustomValidator(scheme, object, validator{}))
		server.Register("/mutate-ray-io-v1-"+kind, admission.WithCustomDefaulter(scheme, object, defaulter{}))
	}
	ctx, stop := context.WithCancel(ctrl.SetupSignalHandler())
	defer stop()
	return server.Start(ctx)
}
