// SPDX-License-Identifier: MIT
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.apicurio.registry.serde.avro.AvroKafkaDeserializer;
import io.apicurio.registry.serde.avro.AvroKafkaSerializer;
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * What other systems are to us: a producer and a consumer with Kafka's own client and a registry's serializer. One JVM
 * for all of a test: it takes commands from standard input, a line each, and answers each with a line.
 *
 * <pre>
 * publish PROPERTIES SCHEMA RECORDING TOPIC   the records of a recording's .jsonl by the writer's schema in a file
 * read PROPERTIES FILE TOPIC                  all of a topic, a line of JSON for each record
 * example CLASS ARGUMENT...                   a program of deploy/examples
 * </pre>
 */
public class Interop {
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] arguments) throws Exception {
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = commands.readLine()) != null;) {
            String[] words = line.split(" ");
            try {
                System.out.println("done " + run(words));
            } catch (Exception failure) {
                failure.printStackTrace();
                System.out.println("failed " + failure);
            }
            System.out.flush();
        }
    }

    private static String run(String[] words) throws Exception {
        switch (words[0]) {
            case "publish":
                return publish(load(words[1]), new Schema.Parser().parse(Files.readString(Path.of(words[2]))),
                        Path.of(words[3]), words[4]);
            case "read":
                return Integer.toString(read(load(words[1]), Path.of(words[2]), words[3]));
            case "example":
                Class.forName(words[1]).getMethod("main", String[].class)
                        .invoke(null, (Object) List.of(words).subList(2, words.length).toArray(new String[0]));
                return words[1];
            default:
                throw new IllegalArgumentException(words[0]);
        }
    }

    private static Properties load(String file) throws Exception {
        Properties settings = new Properties();
        try (InputStream stream = new FileInputStream(file)) {
            settings.load(stream);
        }
        settings.put("apicurio.registry.as-confluent", "true");
        settings.put("apicurio.registry.use-id", "contentId");
        settings.put("apicurio.registry.headers.enabled", "false");
        return settings;
    }

    /** How many were sent, and how many the schema has no form for. */
    private static String publish(Properties settings, Schema schema, Path recording, String topic) throws Exception {
        settings.put("key.serializer", StringSerializer.class.getName());
        settings.put("value.serializer", AvroKafkaSerializer.class.getName());
        settings.put("apicurio.registry.auto-register", "true");
        settings.put("apicurio.registry.auto-register.if-exists", "RETURN_OR_UPDATE");
        settings.put("apicurio.registry.artifact-resolver-strategy",
                "io.apicurio.registry.serde.strategy.TopicIdStrategy");
        int sent = 0;
        int impossible = 0;
        try (KafkaProducer<String, GenericRecord> producer = new KafkaProducer<>(settings)) {
            for (String line : Files.readAllLines(recording)) {
                JsonNode record = JSON.readTree(line);
                GenericRecord value;
                try {
                    value = (GenericRecord) build(schema, record.get("payload"));
                } catch (RuntimeException refused) {
                    impossible++;
                    continue;
                }
                producer.send(new ProducerRecord<>(topic, record.get("key").textValue(), value)).get();
                sent++;
            }
        }
        return sent + " " + impossible;
    }

    /** As recordings write JSON: unions plain, dates and times by ISO 8601, what is absent by its default. */
    private static Object build(Schema schema, JsonNode node) {
        switch (schema.getType()) {
            case RECORD:
                GenericRecord record = new GenericData.Record(schema);
                for (Schema.Field field : schema.getFields()) {
                    record.put(field.pos(), node.has(field.name()) ? build(field.schema(), node.get(field.name()))
                            : GenericData.get().getDefaultValue(field));
                }
                return record;
            case UNION:
                return node.isNull() ? null : build(schema.getTypes().get(1), node);
            case ARRAY:
                List<Object> items = new ArrayList<>();
                node.forEach(item -> items.add(build(schema.getElementType(), item)));
                return items;
            case ENUM:
                if (!schema.hasEnumSymbol(node.textValue())) {
                    throw new IllegalArgumentException("no such symbol");
                }
                return new GenericData.EnumSymbol(schema, node.textValue());
            case INT:
                return node.isTextual() ? (int) LocalDate.parse(node.textValue()).toEpochDay() : node.intValue();
            case LONG:
                return node.isTextual() ? Instant.parse(node.textValue()).toEpochMilli() : node.longValue();
            case BOOLEAN:
                return node.booleanValue();
            case STRING:
                return node.textValue();
            default:
                throw new IllegalArgumentException("no such type in ours");
        }
    }

    private static int read(Properties settings, Path file, String topic) throws Exception {
        settings.put("isolation.level", "read_committed");
        settings.put("enable.auto.commit", "false");
        settings.put("key.deserializer", StringDeserializer.class.getName());
        settings.put("value.deserializer", AvroKafkaDeserializer.class.getName());
        int count = 0;
        try (KafkaConsumer<String, GenericRecord> consumer = new KafkaConsumer<>(settings);
                PrintWriter out = new PrintWriter(file.toFile(), StandardCharsets.UTF_8)) {
            List<TopicPartition> partitions = new ArrayList<>();
            consumer.partitionsFor(topic).forEach(info -> partitions.add(new TopicPartition(topic, info.partition())));
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (partitions.stream().anyMatch(partition -> consumer.position(partition) < ends.get(partition))) {
                for (ConsumerRecord<String, GenericRecord> record : consumer.poll(Duration.ofMillis(200))) {
                    out.printf("{\"partition\":%d,\"offset\":%d,\"key\":%s,\"payload\":%s}%n", record.partition(),
                            record.offset(), JSON.writeValueAsString(record.key()), record.value());
                    count++;
                }
            }
        }
        return count;
    }
}
