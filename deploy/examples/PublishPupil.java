// SPDX-License-Identifier: MIT
import io.apicurio.registry.serde.avro.AvroKafkaSerializer;
import java.io.File;
import java.io.FileInputStream;
import java.io.InputStream;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * A municipal system tells of a pupil: the whole record of the institution as it is now, under the key that keeps one
 * pupil's records in their order.
 *
 * <pre>java -cp 'build/examples/lib/*' deploy/examples/PublishPupil.java client.properties
 * schemas/InstitutionPersonChanged.avsc</pre>
 *
 * client.properties holds what the operator gave out: bootstrap.servers, security.protocol and what belongs to it, and
 * apicurio.registry.url. The person is made up.
 */
public class PublishPupil {
    private static final String TOPIC = "institution.person-changed.v1";

    public static void main(String[] arguments) throws Exception {
        Properties settings = new Properties();
        try (InputStream file = new FileInputStream(arguments[0])) {
            settings.load(file);
        }
        settings.put("acks", "all");
        settings.put("enable.idempotence", "true");
        settings.put("key.serializer", StringSerializer.class.getName());
        settings.put("value.serializer", AvroKafkaSerializer.class.getName());
        // As Confluent frames values: a zero byte and four bytes of schema id. The schema that you write by is registered
        // at its first use. It may be your own, of next year even: fields are read by their names, what we do not know
        // is skipped, what is not there takes its default.
        settings.put("apicurio.registry.as-confluent", "true");
        settings.put("apicurio.registry.use-id", "contentId");
        settings.put("apicurio.registry.headers.enabled", "false"); // the id stands in the value, not in a header
        settings.put("apicurio.registry.auto-register", "true");
        settings.put("apicurio.registry.auto-register.if-exists", "RETURN_OR_UPDATE");
        settings.put("apicurio.registry.artifact-resolver-strategy",
                "io.apicurio.registry.serde.strategy.TopicIdStrategy");

        Schema schema = new Schema.Parser().parse(new File(arguments[1]));
        try (Producer<String, GenericRecord> producer = new KafkaProducer<>(settings)) {
            GenericRecord pupil = pupil(schema);
            String key = pupil.get("institution_number") + "/" + pupil.get("local_person_id");
            // get() waits until the brokers have it: only then may the change be forgotten here.
            System.out.println("sent: " + producer.send(new ProducerRecord<>(TOPIC, key, pupil)).get());
        }
    }

    private static GenericRecord pupil(Schema schema) {
        Schema contacts = schema.getField("contacts").schema();
        GenericRecord mother = new GenericRecordBuilder(contacts.getElementType())
                .set("number", "0202820002")
                .set("given_names", "Mette")
                .set("family_name", "Eksempel")
                .set("relation", symbol(contacts.getElementType(), "relation", "MOTHER"))
                .build();
        return new GenericRecordBuilder(schema)
                .set("event_id", UUID.randomUUID().toString())
                .set("changed_at", Instant.now().toEpochMilli())
                .set("institution_number", "101001")
                .set("institution_kind", symbol(schema, "institution_kind", "PUBLIC"))
                .set("local_person_id", "example-1")
                .set("number", "0101120001")
                .set("active", true)
                .set("role", symbol(schema, "role", "STUDENT"))
                .set("level", "5")
                .set("birth_date", (int) LocalDate.of(2012, 1, 1).toEpochDay())
                .set("given_names", "Emil")
                .set("family_name", "Eksempel")
                .set("source_system", "example")
                .set("contacts", List.of(mother))
                .build(); // what is not set takes its default
    }

    private static GenericData.EnumSymbol symbol(Schema record, String field, String value) {
        return new GenericData.EnumSymbol(record.getField(field).schema(), value);
    }
}
