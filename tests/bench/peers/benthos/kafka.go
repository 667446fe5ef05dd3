package main

import (
	"context"
	"log"
	"sync"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/twmb/franz-go/pkg/kgo"
)

func init() {
	spec := service.NewConfigSpec().
		Field(service.NewStringField("bootstrap")).
		Field(service.NewStringField("topic")).
		Field(service.NewStringField("group")).
		Field(service.NewIntField("batch"))
	service.MustRegisterBatchInput("kafka_batches", spec,
		func(config *service.ParsedConfig, _ *service.Resources) (service.BatchInput, error) {
			input := &kafkaInput{partitions: map[int32]*partition{}}
			var err error
			if input.bootstrap, err = config.FieldString("bootstrap"); err != nil {
				return nil, err
			}
			if input.topic, err = config.FieldString("topic"); err != nil {
				return nil, err
			}
			if input.group, err = config.FieldString("group"); err != nil {
				return nil, err
			}
			if input.batch, err = config.FieldInt("batch"); err != nil {
				return nil, err
			}
			return service.AutoRetryNacksBatched(input), nil
		})
}

// kafkaInput reads a topic in batches of one partition each. What is committed is what was
// acknowledged without a gap before it: at least once.
type kafkaInput struct {
	bootstrap, topic, group string
	batch                   int
	client                  *kgo.Client
	fetched                 [][]*kgo.Record

	mutex      sync.Mutex
	partitions map[int32]*partition
}

// partition has its batches in the order of their offsets, from the first that is not acknowledged.
type partition struct{ open []*span }

type span struct {
	last *kgo.Record
	done bool
}

func (in *kafkaInput) Connect(context.Context) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(in.bootstrap), kgo.ConsumeTopics(in.topic),
		kgo.ConsumerGroup(in.group), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchMaxBytes(4<<20), kgo.AutoCommitMarks(),
		kgo.OnPartitionsRevoked(in.commitAndForget), kgo.OnPartitionsLost(in.forget))
	in.client = client
	return err
}

func (in *kafkaInput) ReadBatch(ctx context.Context) (service.MessageBatch, service.AckFunc, error) {
	for len(in.fetched) == 0 {
		fetches := in.client.PollFetches(ctx)
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		fetches.EachError(func(_ string, _ int32, err error) { log.Print("fetch: ", err) })
		fetches.EachPartition(func(fetched kgo.FetchTopicPartition) {
			for records := fetched.Records; len(records) > 0; {
				n := min(in.batch, len(records))
				in.fetched = append(in.fetched, records[:n])
				records = records[n:]
			}
		})
	}
	records := in.fetched[0]
	in.fetched = in.fetched[1:]
	messages := make(service.MessageBatch, len(records))
	for i, record := range records {
		messages[i] = service.NewMessage(record.Value)
	}
	return messages, in.track(records[len(records)-1]), nil
}

func (in *kafkaInput) track(last *kgo.Record) service.AckFunc {
	in.mutex.Lock()
	defer in.mutex.Unlock()
	of := in.partitions[last.Partition]
	if of == nil {
		of = &partition{}
		in.partitions[last.Partition] = of
	}
	own := &span{last: last}
	of.open = append(of.open, own)
	// The error is always nil: what failed is tried again by the wrapper of the input.
	return func(context.Context, error) error {
		in.mutex.Lock()
		defer in.mutex.Unlock()
		own.done = true
		for len(of.open) > 0 && of.open[0].done {
			in.client.MarkCommitRecords(of.open[0].last)
			of.open = of.open[1:]
		}
		return nil
	}
}

func (in *kafkaInput) commitAndForget(ctx context.Context, client *kgo.Client, revoked map[string][]int32) {
	if err := client.CommitMarkedOffsets(ctx); err != nil {
		log.Print("commit: ", err)
	}
	in.forget(ctx, client, revoked)
}

func (in *kafkaInput) forget(_ context.Context, _ *kgo.Client, lost map[string][]int32) {
	in.mutex.Lock()
	defer in.mutex.Unlock()
	for _, number := range lost[in.topic] {
		delete(in.partitions, number)
	}
}

func (in *kafkaInput) Close(ctx context.Context) error {
	if err := in.client.CommitMarkedOffsets(ctx); err != nil {
		log.Print("commit: ", err)
	}
	in.client.Close()
	return nil
}
