// A plain Go consumer: what one writes in an afternoon with franz-go and net/http, tuned for speed.
// It validates nothing, tries nothing again and commits what it has read, not what was accepted.
package main

import (
	"bytes"
	"context"
	"flag"
	"io"
	"log"
	"net/http"
	"os/signal"
	"sync"
	"syscall"

	"github.com/twmb/franz-go/pkg/kgo"
)

func main() {
	bootstrap := flag.String("bootstrap", "", "Kafka's HOST:PORT")
	topic := flag.String("topic", "", "topic to read")
	group := flag.String("group", "", "consumer group")
	url := flag.String("url", "", "where the batches go")
	connections := flag.Int("connections", 16, "requests in flight")
	batch := flag.Int("batch", 10, "records in a request")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()

	client, err := kgo.NewClient(kgo.SeedBrokers(*bootstrap), kgo.ConsumeTopics(*topic),
		kgo.ConsumerGroup(*group), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxBytes(4<<20))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	http.DefaultTransport = &http.Transport{MaxIdleConnsPerHost: *connections, DisableCompression: true}
	batches := make(chan []*kgo.Record, *connections)
	var senders sync.WaitGroup
	for range *connections {
		senders.Go(func() { send(*url, batches) })
	}
	for ctx.Err() == nil {
		records := client.PollFetches(ctx).Records()
		for len(records) > 0 {
			n := min(*batch, len(records))
			batches <- records[:n]
			records = records[n:]
		}
	}
	close(batches)
	senders.Wait()
}

// send posts each batch, its values as they are, and only says what was refused.
func send(url string, batches <-chan []*kgo.Record) {
	var body bytes.Buffer
	for records := range batches {
		body.Reset()
		body.WriteString(`{"workspace_name":"w","dry_run":false,"records":{"clicks":[`)
		for i, record := range records {
			if i > 0 {
				body.WriteByte(',')
			}
			body.WriteString(`{"record":`)
			body.Write(record.Value)
			body.WriteByte('}')
		}
		body.WriteString(`]}}`)
		request, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body.Bytes()))
		if err != nil {
			log.Fatal(err)
		}
		request.Header.Set("Authorization", "Tecton-key k")
		request.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			log.Print("lost a batch: ", err)
			continue
		}
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			log.Print("lost a batch: ", answer.Status)
		}
	}
}
