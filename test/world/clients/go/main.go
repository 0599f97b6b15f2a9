// `clients URL TOKEN BAD_TOKEN CASE_ID…` runs every client twice: with the token, for ever, and with the bad one. Each
// prints JSON lines, as test/world/client-program.ts reads them.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	r3labs "github.com/r3labs/sse/v2"
	tmaxmax "github.com/tmaxmax/go-sse"
)

const longestRun = 300 * time.Second

// Delay of a client that was told none.
const retry = time.Second

type trial struct {
	address string
	token   string
	// Takes the name of an event, and its data.
	hear func(event string, data []byte)
	// Takes what the library said.
	refused func(by string)
}

type line struct {
	Client string `json:"client"`
	Event  string `json:"event"`
	Data   any    `json:"data"`
}

var printing sync.Mutex

func say(client, event string, data any) {
	printing.Lock()
	defer printing.Unlock()
	if err := json.NewEncoder(os.Stdout).Encode(line{client, event, data}); err != nil {
		panic(err)
	}
}

func main() {
	base, token, badToken := os.Args[1], os.Args[2], os.Args[3]
	address := base + "/v1/events?" + url.Values{"case_ids": os.Args[4:]}.Encode()
	for name, start := range map[string]func(trial){"r3labs/sse": withR3labs, "tmaxmax/go-sse": withTmaxmax} {
		go start(trial{
			address: address,
			token:   token,
			hear:    func(event string, data []byte) { say(name, event, json.RawMessage(data)) },
			refused: func(by string) { say(name, "error", by) },
		})
		go start(trial{
			address: address,
			token:   badToken,
			hear: func(event string, _ []byte) {
				if event == "ready" {
					say(name, "served", "with a bad token")
				}
			},
			refused: func(by string) { say(name, "refused", by) },
		})
	}
	// The program that started it may have been killed.
	time.Sleep(longestRun)
	os.Exit(1)
}

// After an orderly end of the stream Subscribe returns, so the program comes back; the client keeps the position.
func withR3labs(t trial) {
	ctx, cancel := context.WithCancel(context.Background())
	client := r3labs.NewClient(t.address)
	client.Headers["Authorization"] = "Bearer " + t.token
	client.ResponseValidator = func(_ *r3labs.Client, response *http.Response) error {
		if response.StatusCode != http.StatusOK {
			t.refused(response.Status)
			cancel()
			return errors.New(response.Status)
		}
		return nil
	}
	for ctx.Err() == nil {
		delay := retry
		err := client.SubscribeRawWithContext(ctx, func(event *r3labs.Event) {
			t.hear(string(event.Event), event.Data)
			if string(event.Event) == "closing" {
				delay = closingDelay(event.Data)
			}
		})
		if err != nil && ctx.Err() == nil {
			t.refused(err.Error())
		}
		time.Sleep(delay)
	}
}

func closingDelay(data []byte) time.Duration {
	var closing struct {
		RetryMs int64 `json:"retry_ms"`
	}
	if err := json.Unmarshal(data, &closing); err != nil {
		panic(err)
	}
	return time.Duration(closing.RetryMs) * time.Millisecond
}

func withTmaxmax(t trial) {
	request, err := http.NewRequest(http.MethodGet, t.address, http.NoBody)
	if err != nil {
		panic(err)
	}
	request.Header.Set("Authorization", "Bearer "+t.token)
	// Its default makes a delay longer by up to a half. The delays that a gateway tells are random already.
	client := tmaxmax.Client{Backoff: tmaxmax.Backoff{Jitter: 0.01}}
	connection := client.NewConnection(request)
	connection.SubscribeToAll(func(event tmaxmax.Event) { t.hear(event.Type, []byte(event.Data)) })
	t.refused(connection.Connect().Error())
}
