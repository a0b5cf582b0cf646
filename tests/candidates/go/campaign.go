package main

import (
	"cmp"
	"context"
	"os"
	"sync/atomic"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// One candidate's part in the election, over as many terms as it wins.
type campaign struct {
	config    leaderelection.LeaderElectionConfig
	elector   atomic.Pointer[leaderelection.LeaderElector]
	callbacks bool
	// What OnStartedLeading was given last. It ends with OnStoppedLeading, and unlike the two
	// callbacks, which run on two goroutines, it cannot begin after its end.
	term atomic.Pointer[context.Context]
}

func newCampaign(
	lease, identity string, timing [3]time.Duration, callbacks bool,
) (*campaign, error) {
	kubeconfig, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return nil, err
	}
	// In a pod, that of the pod.
	namespace := cmp.Or(os.Getenv("POD_NAMESPACE"), "default")
	// As kube-controller-manager has it: requests end before the renew deadline does.
	lock, err := resourcelock.NewFromKubeconfig(
		resourcelock.LeasesResourceLock, namespace, lease,
		resourcelock.ResourceLockConfig{Identity: identity}, kubeconfig, timing[1],
	)
	if err != nil {
		return nil, err
	}
	it := &campaign{callbacks: callbacks}
	it.config = leaderelection.LeaderElectionConfig{
		Lock:            lock,
		LeaseDuration:   timing[0],
		RenewDeadline:   timing[1],
		RetryPeriod:     timing[2],
		ReleaseOnCancel: true,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(term context.Context) { it.term.Store(&term) },
			OnStoppedLeading: func() {},
		},
	}
	return it, it.renewElector()
}

// Campaigns until ctx ends. Each term gets an elector of its own: Run returns when a term is lost,
// and the elector that lost it may never notice.
func (it *campaign) run(ctx context.Context) error {
	for {
		it.elector.Load().Run(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err := it.renewElector(); err != nil {
			return err
		}
	}
}

func (it *campaign) renewElector() error {
	elector, err := leaderelection.NewLeaderElector(it.config)
	if err == nil {
		it.elector.Store(elector)
	}
	return err
}

func (it *campaign) isLeader() bool {
	if it.callbacks {
		term := it.term.Load()
		return term != nil && (*term).Err() == nil
	}
	return it.elector.Load().IsLeader()
}
