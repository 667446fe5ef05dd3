package headrace.peers;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.errors.RetriableException;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.sink.SinkTask;

/**
 * Posts what the framework hands over and returns when all of it was accepted, so that what the
 * framework commits was written: at least once. What may heal is handed over again as a whole
 * by the framework; what will not ends the task.
 */
public final class HttpSinkTask extends SinkTask {
    private static final byte[] OPEN = """
        {"workspace_name":"w","dry_run":false,"records":{"clicks":[""".getBytes(UTF_8);
    private static final byte[] RECORD = "{\"record\":".getBytes(UTF_8);
    private static final byte[] CLOSE = "]}}".getBytes(UTF_8);

    private static final long RETRY_MS = 500;

    private HttpClient client;
    private HttpRequest.Builder request;
    private Semaphore inFlight;
    private int batch;

    @Override
    public void start(Map<String, String> settings) {
        batch = Integer.parseInt(settings.get(HttpSinkConnector.BATCH));
        inFlight = new Semaphore(Integer.parseInt(settings.get(HttpSinkConnector.IN_FLIGHT)));
        client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
            .executor(Runnable::run).build();
        request = HttpRequest.newBuilder(URI.create(settings.get(HttpSinkConnector.URL)))
            .timeout(Duration.ofSeconds(30))
            .header("Authorization", "Tecton-key k")
            .header("Content-Type", "application/json");
    }

    @Override
    public void put(Collection<SinkRecord> records) {
        var answers = new ArrayList<CompletableFuture<Integer>>();
        var values = new ArrayList<byte[]>(batch);
        for (SinkRecord record : records) {
            values.add((byte[]) record.value());
            if (values.size() == batch) {
                answers.add(post(values));
                values.clear();
            }
        }
        if (!values.isEmpty()) {
            answers.add(post(values));
        }
        // Without it the framework sits on what it hands over again until its next commit is due.
        context.timeout(RETRY_MS);
        for (CompletableFuture<Integer> answer : answers) {
            judge(answer);
        }
    }

    private CompletableFuture<Integer> post(List<byte[]> values) {
        inFlight.acquireUninterruptibly();
        var posted = request.copy().POST(BodyPublishers.ofByteArray(body(values))).build();
        return client.sendAsync(posted, BodyHandlers.discarding())
            .thenApply(HttpResponse::statusCode)
            .whenComplete((status, error) -> inFlight.release());
    }

    private static byte[] body(List<byte[]> values) {
        int size = OPEN.length + CLOSE.length;
        for (byte[] value : values) {
            size += RECORD.length + value.length + 2;
        }
        var body = new ByteArrayOutputStream(size);
        body.writeBytes(OPEN);
        String comma = "";
        for (byte[] value : values) {
            if (!comma.isEmpty()) {
                body.write(',');
            }
            comma = ",";
            body.writeBytes(RECORD);
            body.writeBytes(value);
            body.write('}');
        }
        body.writeBytes(CLOSE);
        return body.toByteArray();
    }

    private static void judge(CompletableFuture<Integer> answer) {
        int status;
        try {
            status = answer.join();
        } catch (CompletionException error) {
            throw new RetriableException("no answer", error.getCause());
        }
        if (status == 429 || status >= 500) {
            throw new RetriableException("the destination answered " + status);
        }
        if (status != 200) {
            throw new ConnectException("the destination answered " + status);
        }
    }

    @Override
    public void stop() {}

    @Override
    public String version() {
        return "1";
    }
}
