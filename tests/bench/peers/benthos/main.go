// The Benthos engine with its stock http_client output. The engine alone has no Kafka input (the one
// of Redpanda Connect comes with its whole tree), so kafka.go is one in the manner of kafka_franz.
package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"log"
	"net/http"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	_ "github.com/redpanda-data/benthos/v4/public/components/io"
	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	"github.com/redpanda-data/benthos/v4/public/service"
)

var (
	//go:embed envelope.yaml
	envelopeConfig string
	//go:embed text.yaml
	textConfig string
)

func main() {
	settings := map[string]*string{}
	for name, usage := range map[string]string{
		"bootstrap": "Kafka's HOST:PORT", "topic": "topic to read", "group": "consumer group",
		"url": "where the batches go", "connections": "requests in flight",
		"batch": "records in a request",
	} {
		settings[name] = flag.String(name, "", usage)
	}
	text := flag.Bool("text", false, "join the values as text instead of as JSON")
	flag.Parse()

	// The stock output keeps two idle connections per host and would open new ones all the time.
	connections, err := strconv.Atoi(*settings["connections"])
	check(err)
	http.DefaultTransport.(*http.Transport).MaxIdleConnsPerHost = connections

	config := envelopeConfig
	if *text {
		config = textConfig
	}
	builder := service.NewStreamBuilder()
	builder.SetEnvVarLookupFunc(func(name string) (string, bool) {
		value, ok := settings[name]
		if !ok {
			return "", false
		}
		return *value, true
	})
	check(builder.SetYAML(config))
	stream, err := builder.Build()
	check(err)

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	go func() {
		<-ctx.Done()
		if err := stream.StopWithin(10 * time.Second); err != nil {
			log.Print(err)
		}
	}()
	if err := stream.Run(context.Background()); err != nil && !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
