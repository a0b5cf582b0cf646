// The client-go candidate of the cluster tests, as careful a use of its leader election as its
// documentation asks for:
//
//	candidate [-callbacks] LEASE IDENTITY LEASE_S RENEW_S RETRY_S
//
// The contract that it keeps, as the candidates of the other languages do, is in
// tests/lib.rs. It leads while IsLeader() says so; with -callbacks, from OnStartedLeading to
// OnStoppedLeading.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
)

// How often the candidate asks itself whether it leads.
func pollPeriod() time.Duration {
	milliseconds, err := strconv.Atoi(os.Getenv("CANDIDATE_PERIOD_MS"))
	if err != nil {
		milliseconds = 1
	}
	return time.Duration(milliseconds) * time.Millisecond
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "candidate:", err)
		os.Exit(1)
	}
}

func run() error {
	callbacks := flag.Bool("callbacks", false, "lead from OnStartedLeading to OnStoppedLeading")
	flag.Parse()
	if flag.NArg() != 5 {
		return fmt.Errorf("usage: candidate [-callbacks] LEASE IDENTITY LEASE_S RENEW_S RETRY_S")
	}
	var timing [3]time.Duration
	for i := range timing {
		seconds, err := strconv.ParseFloat(flag.Arg(2+i), 64)
		if err != nil {
			return err
		}
		timing[i] = time.Duration(seconds * float64(time.Second))
	}
	// What client-go logs of each step is not what the tests are after.
	klog.SetLogger(logr.Discard())
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	crashed, isGreedy := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(crashed, syscall.SIGUSR1)
	signal.Notify(isGreedy, syscall.SIGUSR2)

	campaign, err := newCampaign(flag.Arg(0), flag.Arg(1), timing, *callbacks)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	say("READY", now())
	go func() { ended <- campaign.run(ctx) }()

	wasLeader := false
	ticks := time.Tick(pollPeriod())
	for {
		select {
		case <-terminated:
			// Work stops before the context ends, as ReleaseOnCancel demands.
			if wasLeader {
				say("FOLLOWER", now())
			}
			cancel()
			return <-ended
		case <-crashed:
			// As a program does that finds itself in a state that it does not know.
			os.Exit(1)
		case <-isGreedy:
			useAllMemory()
		case err := <-ended:
			return err
		case <-ticks:
			// The clock first: a pause right after the answer must not make it look younger.
			moment := now()
			isLeader := campaign.isLeader()
			if isLeader && !wasLeader {
				say("LEADER", moment)
			} else if wasLeader && !isLeader {
				say("FOLLOWER", moment)
			}
			wasLeader = isLeader
		}
	}
}

// The kernel ends it.
func useAllMemory() {
	var hoard [][]byte
	for {
		hoard = append(hoard, bytes.Repeat([]byte{1}, 1<<20))
	}
}
