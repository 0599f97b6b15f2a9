// Messages of tickets over Server-Sent Events: go get github.com/tmaxmax/go-sse
//
//	POLLCAST_TOKEN_FILE=token POLLCAST_POSITION_FILE=position go run sse.go https://pollcast.example CASE-1 CASE-2
//
// It prints each event as its name and its JSON. It goes on where it was after any end of the stream, and when it is started
// anew.
package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/tmaxmax/go-sse"
)

var tokenFile, positionFile = os.Getenv("POLLCAST_TOKEN_FILE"), os.Getenv("POLLCAST_POSITION_FILE")

// Reads the token for each connection, so a renewed one counts at once.
type freshToken struct{}

func (freshToken) RoundTrip(request *http.Request) (*http.Response, error) {
	token, err := os.ReadFile(tokenFile)
	if err != nil {
		return nil, err
	}
	request = request.Clone(request.Context())
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	return http.DefaultTransport.RoundTrip(request)
}

func handle(event sse.Event) {
	switch event.Type {
	case "gap":
		fmt.Fprintln(os.Stderr, "Messages are missing: load these tickets from elsewhere.")
	case "revoked":
		fmt.Fprintln(os.Stderr, "The token does not cover these tickets any more.")
	}
	fmt.Println(event.Type, event.Data)
	// The position moves when the event was handled. Events without an id keep the last one.
	if event.LastEventID != "" {
		keep(event.LastEventID)
	}
}

// The position is replaced as a whole, whenever this program is killed.
func keep(position string) {
	if err := os.WriteFile(positionFile+".new", []byte(position), 0o600); err != nil {
		panic(err)
	}
	if err := os.Rename(positionFile+".new", positionFile); err != nil {
		panic(err)
	}
}

func main() {
	address := os.Args[1] + "/v1/events?" + url.Values{"case_ids": os.Args[2:]}.Encode()
	client := sse.Client{
		HTTPClient: &http.Client{Transport: freshToken{}},
		// The delays that a gateway tells are random already.
		Backoff: sse.Backoff{Jitter: 0.01},
	}
	// The library comes back by itself after a cut. It ends with a refusal, as after a token that was not renewed in time.
	for {
		request, err := http.NewRequest(http.MethodGet, address, http.NoBody)
		if err != nil {
			panic(err)
		}
		if position, err := os.ReadFile(positionFile); err == nil {
			request.Header.Set("Last-Event-ID", string(position))
		}
		connection := client.NewConnection(request)
		connection.SubscribeToAll(handle)
		fmt.Fprintln(os.Stderr, connection.Connect())
		time.Sleep(2 * time.Second)
	}
}
