package distributed

import (
	"context"
	"errors"
	"os"
)

// Local runs a coordinator and a worker in this process, and connects to them: a
// program is spread over cores as it will be over machines. The coordinator keeps
// its jobs in the directory store; "" means one that stop removes. s.Connect may
// have a token, and needs no address. stop ends everything; the worker hands in
// first what it has done.
func Local(ctx context.Context, store string, s WorkerSettings) (client *Client, stop func() error, err error) {
	kept := store != ""
	if !kept {
		if store, err = os.MkdirTemp("", "ritz-store-"); err != nil {
			return nil, nil, err
		}
	}
	var last []func() error // to be undone, the latest first
	stop = func() error {
		var all error
		for i := len(last) - 1; i >= 0; i-- {
			all = errors.Join(all, last[i]())
		}
		last = nil
		return all
	}
	if !kept {
		last = append(last, func() error { return os.RemoveAll(store) })
	}
	run := func(f func(context.Context) error) {
		ctx, cancel := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- f(ctx) }()
		last = append(last, func() error { cancel(); return <-ended })
	}
	c, err := NewCoordinator(CoordinatorSettings{Store: store, Listen: "127.0.0.1:0", Token: s.Connect.Token, Log: s.Log})
	if err != nil {
		return nil, nil, errors.Join(err, stop())
	}
	run(c.Run)
	s.Connect.URL = c.URL()
	w, err := NewWorker(s)
	if err != nil {
		return nil, nil, errors.Join(err, stop())
	}
	run(w.Run)
	client, err = Connect(ctx, s.Connect)
	if err != nil {
		return nil, nil, errors.Join(err, stop())
	}
	last = append(last, func() error { client.Close(); return nil })
	return client, stop, nil
}
