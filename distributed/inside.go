package distributed

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
)

// Client is a client of this coordinator in its own process, which needs neither its address nor a certificate. It waits
// until Run serves.
func (c *Coordinator) Client(ctx context.Context) (*Client, error) {
	for {
		client, err := c.client(ctx)
		if err == nil || !errors.Is(err, ErrNoCoordinator) {
			return client, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (c *Coordinator) client(ctx context.Context) (*Client, error) {
	c.mu.Lock()
	srv := c.session.server
	c.mu.Unlock()
	settings, more := ConnectSettings{Token: c.settings.Token, User: c.settings.User, Password: c.settings.Password}, []nats.Option(nil)
	if srv == nil {
		settings = *c.settings.NATS
	} else {
		more = append(more, nats.InProcessServer(srv))
	}
	l, err := dial(ctx, settings, "ritz client", more...)
	if err != nil {
		return nil, err
	}
	return newClient(ctx, l)
}
