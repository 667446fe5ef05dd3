package headrace.peers;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.sink.SinkConnector;

/** The smallest HTTP sink that Kafka Connect can run: its settings, and a task per partition. */
public final class HttpSinkConnector extends SinkConnector {
    static final String URL = "http.url";
    static final String IN_FLIGHT = "http.in.flight";
    static final String BATCH = "http.batch";

    private Map<String, String> settings;

    @Override
    public ConfigDef config() {
        return new ConfigDef()
            .define(URL, ConfigDef.Type.STRING, ConfigDef.Importance.HIGH, "where the batches go")
            .define(IN_FLIGHT, ConfigDef.Type.INT, ConfigDef.Importance.HIGH, "requests in flight, of one task")
            .define(BATCH, ConfigDef.Type.INT, ConfigDef.Importance.HIGH, "records in a request");
    }

    @Override
    public void start(Map<String, String> settings) {
        this.settings = settings;
    }

    @Override
    public Class<? extends Task> taskClass() {
        return HttpSinkTask.class;
    }

    @Override
    public List<Map<String, String>> taskConfigs(int maxTasks) {
        return Collections.nCopies(maxTasks, settings);
    }

    @Override
    public void stop() {}

    @Override
    public String version() {
        return "1";
    }
}
