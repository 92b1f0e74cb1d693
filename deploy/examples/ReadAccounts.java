// SPDX-License-Identifier: MIT
import io.apicurio.registry.serde.avro.AvroKafkaDeserializer;
import java.io.FileInputStream;
import java.io.InputStream;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * The platform reads accounts and relations, and acts on them.
 *
 * <pre>java -cp 'build/examples/lib/*' deploy/examples/ReadAccounts.java client.properties [--follow]</pre>
 *
 * client.properties holds what the operator gave out: bootstrap.servers, group.id, security.protocol and what belongs
 * to it, and apicurio.registry.url. Without --follow it ends when nothing new has come for five seconds.
 */
public class ReadAccounts {
    private static final List<String> TOPICS = List.of("unilogin.provisioning.v1", "unilogin.contact-relation.v1");

    public static void main(String[] arguments) throws Exception {
        Properties settings = new Properties();
        try (InputStream file = new FileInputStream(arguments[0])) {
            settings.load(file);
        }
        settings.put("isolation.level", "read_committed"); // we write in transactions: what was aborted never was
        settings.put("auto.offset.reset", "earliest");
        settings.put("enable.auto.commit", "false");
        settings.put("key.deserializer", StringDeserializer.class.getName());
        settings.put("value.deserializer", AvroKafkaDeserializer.class.getName());
        settings.put("apicurio.registry.as-confluent", "true");
        settings.put("apicurio.registry.use-id", "contentId");
        settings.put("apicurio.registry.headers.enabled", "false");

        boolean follow = arguments.length > 1 && arguments[1].equals("--follow");
        Map<String, Long> versions = new HashMap<>(); // of topic and key; yours stand beside your data
        try (Consumer<String, GenericRecord> consumer = new KafkaConsumer<>(settings)) {
            consumer.subscribe(TOPICS);
            long last = System.nanoTime();
            while (follow || System.nanoTime() - last < Duration.ofSeconds(5).toNanos()) {
                for (ConsumerRecord<String, GenericRecord> record : consumer.poll(Duration.ofMillis(500))) {
                    take(record, versions);
                    last = System.nanoTime();
                }
                consumer.commitSync(); // after the work is done: what is taken twice has a version that is known
            }
        }
    }

    private static void take(ConsumerRecord<String, GenericRecord> record, Map<String, Long> versions) {
        GenericRecord value = record.value();
        String key = record.topic() + " " + record.key();
        if (value == null) { // ended long ago: nothing of it needs to be kept
            System.out.println("forget " + key);
            return;
        }
        long version = (Long) value.get("version");
        if (versions.getOrDefault(key, -1L) >= version) {
            return; // an older word than the one that we have
        }
        versions.put(key, version);
        if (value.hasField("state")) {
            System.out.println("account " + record.key() + " " + value.get("state") + " " + value.get("assurance"));
        } else {
            System.out.println("relation " + record.key() + " " + value.get("access"));
        }
    }
}
