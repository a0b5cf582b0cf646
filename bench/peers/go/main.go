// What client-go's IsLeader() costs, as Go's own benchmarks measure it. It prints a line of the contract in
// bench/src/probes.rs.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/klog/v2"
)

const rounds = 5

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "answers:", err)
		os.Exit(1)
	}
}

func run() error {
	klog.SetLogger(logr.Discard())
	kubeconfig, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return err
	}
	lock, err := resourcelock.NewFromKubeconfig(
		resourcelock.LeasesResourceLock, "default", "bench-answers",
		resourcelock.ResourceLockConfig{Identity: "bench"}, kubeconfig, 10*time.Second,
	)
	if err != nil {
		return err
	}
	leads := make(chan struct{})
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock:            lock,
		LeaseDuration:   15 * time.Second,
		RenewDeadline:   10 * time.Second,
		RetryPeriod:     2 * time.Second,
		ReleaseOnCancel: true,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) { close(leads) },
			OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go elector.Run(ctx)
	<-leads

	if err := say("answer", func() { elector.IsLeader() }); err != nil {
		return err
	}
	return say("clock", func() { time.Now() })
}

func say(measure string, call func()) error {
	var samples []float64
	for range rounds {
		result := testing.Benchmark(func(b *testing.B) {
			for range b.N {
				call()
			}
		})
		samples = append(samples, result.T.Seconds()/float64(result.N))
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"measure": measure, "samples": samples})
}
